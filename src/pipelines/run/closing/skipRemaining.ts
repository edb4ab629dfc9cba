import { defer, EMPTY, type Observable } from 'rxjs';
import { pullMap } from '../../../operators/pullMap.ts';
import type { Outcome, Plan } from '../../../types.ts';
import { skippedOutcome } from '../../journey/skippedOutcome.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';

interface SkipConfig {
  /**
   * The number of plans if they are the first jobs, without a gap; then they are not read if none
   * is left. Null: they may be others.
   */
  total: number | null;
  /** The error that ended the run; null if none did. */
  fault: unknown;
}

/**
 * Records the jobs that have no outcome when all others are done; there are some only after a stop
 * or a fault.
 */
export function skipRemaining(
  plans: PlanSource,
  run: Pick<OpenRun, 'config' | 'manifest' | 'journal' | 'isChosen'>,
  { total, fault }: SkipConfig,
): Observable<Outcome> {
  const { manifest, journal, isChosen } = run;
  const { service = null, detached = false } = run.config;
  // A detached run has left its predictions before.
  const cause = detached ? null : fault;
  const write = (plan: Plan) =>
    manifest.append(
      skippedOutcome(plan, journal.find(plan.index), {
        isChosen: isChosen(plan.index),
        service,
        fault: cause,
      }),
    );
  return defer(() => {
    // Indexes are without a gap then.
    const isNoneLeft = manifest.size() === total && manifest.end() === total;
    return isNoneLeft ? EMPTY : pullMap(plansWithoutOutcome(plans, run), write, { concurrency: 64 });
  });
}

async function* plansWithoutOutcome(
  plans: PlanSource,
  { manifest }: Pick<OpenRun, 'manifest'>,
): AsyncGenerator<Plan> {
  for await (const plan of plans()) {
    if (!manifest.has(plan.index)) yield plan;
  }
}
