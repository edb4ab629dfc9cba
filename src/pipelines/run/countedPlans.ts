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
