import { concat, defer, EMPTY, type Observable, tap, throwError } from 'rxjs';
import { requeue } from '../../operators/requeue.ts';
import type { Outcome, Plan } from '../../types.ts';
import type { FedRun, Feed, Journey } from './Feed.ts';

/** Time from a failure to the next turn at least: where the line is short it would come at once. */
const DELAY_MS = 1_000;

/**
 * As many lanes as slots. What fails for now goes to the end of the line, `maxAttempts` turns in all, instead of being
 * tried again in its place. Its account waits among the run's postponed jobs, with the money that is held for it.
 */
export const queueFeed: Feed = (plans, journey, run) =>
  requeue(plans, (plan, { attempt }) => turn(plan, run.maxAttempts - attempt, journey, run), {
    lanes: run.slots.places,
    maxTries: run.maxAttempts,
    shouldRequeue: (error) => error === cameBack,
    delayMs: DELAY_MS,
    onTask: ({ lane, value, attempt, state }) =>
      run.emit({ type: `lane.${state}`, lane, index: value.index, turn: attempt }),
    stop: run.stop,
    scheduler: run.scheduler,
  });

const cameBack = new Error('The job was postponed.');

function turn(plan: Plan, turnsLeft: number, journey: Journey, run: FedRun): Observable<Outcome> {
  const { index } = plan;
  return defer(() => {
    const postponed = run.postponed.get(index);
    run.postponed.delete(index);
    let hasOutcome = false;
    const noteOutcome = tap<Outcome>(() => {
      hasOutcome = true;
    });
    const settled = defer(() => {
      // Stopped before anything came of this turn: the job ends as the turn before left it.
      if (!hasOutcome && run.isStopped && postponed !== undefined && !run.postponed.has(index)) {
        run.postponed.set(index, postponed);
      }
      const comesBack = turnsLeft > 0 && run.postponed.has(index);
      return comesBack ? throwError(() => cameBack) : EMPTY;
    });
    return concat(journey(plan, { postponed, turnsLeft }).pipe(noteOutcome), settled);
  });
}
