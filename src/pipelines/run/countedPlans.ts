import { UsageError } from '../../errors.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { PlanSource } from './recoveryRounds.ts';

/**
 * Returns the first `total` plans of a source: a run makes the jobs that it has counted, and leaves
 * those that its input gets meanwhile to the next one. Emits one warning if a pass has more plans,
 * or fewer.
 */
export function countedPlans(plans: PlanSource, total: number, emit: EmitEvent): PlanSource {
  let hasWarned = false;
  const warn = (message: string) => {
    if (!hasWarned) emit({ type: 'warning', message });
    hasWarned = true;
  };
  return async function* () {
    let count = 0;
    for await (const plan of plans()) {
      if (count === total) {
        warn(
          `The input has got more than its ${total} jobs since the run began. Run again to make the others.`,
        );
        return;
      }
      count += 1;
      yield plan;
    }
    if (count < total) {
      warn(
        `The input has lost ${total - count} of its ${total} jobs since the run began. Run again for the rest.`,
      );
    }
  };
}

/**
 * Counts the plans of a source before anything is created. Rejects with `UsageError` if `expected`
 * is another number, or if the source can be read only once.
 */
export async function countPlans(source: PlanSource, expected?: number): Promise<number> {
  const plans = source();
  let total = 0;
  for await (const _ of plans) {
    total += 1;
    if (expected !== undefined && total > expected) break;
  }
  if (expected !== undefined && total !== expected) {
    const got = total > expected ? 'more' : total;
    throw new UsageError(`Expected ${expected} plans, as \`total\` says, got ${got}`, {
      suggestion: 'Leave `total` out: plans are counted.',
    });
  }
  if (isUsedUp(plans) && source() === plans) {
    throw new UsageError('Expected `plans` to return new plans at each call, got the same iterator again', {
      suggestion: 'A run reads its plans several times: give it () => planJobs(jobs).',
    });
  }
  return total;
}

/** Returns true for plans that can be read once, as a generator that is running. */
function isUsedUp(plans: ReturnType<PlanSource>): boolean {
  const read = Symbol.asyncIterator in plans ? plans[Symbol.asyncIterator]() : plans[Symbol.iterator]();
  return Object.is(read, plans);
}
