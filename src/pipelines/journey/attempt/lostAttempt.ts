import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { ProviderError } from '../../../errors.ts';
import { isServiceAway } from '../../../operators/internal/outageErrors.ts';
import type { Attempt } from '../../../operators/predictions/lost/attempt.ts';
import { isUncertain, notMade } from '../../../operators/predictions/lost/lostErrors.ts';
import type { Prediction } from '../../../types.ts';
import type { JobState } from '../job.ts';
import { outcomeError } from '../outcomes.ts';
import type { RunControl, RunHooks, RunLimits, RunRecovery, RunServices, Stateful } from '../run.ts';
import { recordEnded } from './followPrediction.ts';

/** The groups of a run that finding a lost attempt reads. */
export type Searching = Pick<RunServices, 'lookout' | 'journal' | 'outage'> &
  Pick<RunLimits, 'slots'> &
  Pick<RunRecovery, 'repay'> &
  Pick<RunHooks, 'emit'> &
  Pick<RunControl, 'stop'> &
  Stateful;

/**
 * The result of a create request is unknown. Takes a job out of its slot; never the error of a job.
 */
export class LostAttempt extends Error {
  override readonly name = 'LostAttempt';
  readonly attempt: Attempt;
  readonly reason: ProviderError;

  constructor(attempt: Attempt, reason: ProviderError) {
    super(reason.message, { cause: reason });
    this.attempt = attempt;
    this.reason = reason;
  }
}

/** A create request was lost in an outage, and made nothing. Never the error of a job. */
export class LostInOutage extends Error {
  override readonly name = 'LostInOutage';
}

/**
 * Waits for the prediction of a lost attempt, and continues with it. The job leaves its place in
 * the feed meanwhile, but keeps its money, and its attempt stays open in the journal.
 *
 *     source                              --L             L: LostAttempt
 *     its prediction is found in 6 s      -- 6s (p|)      p: that of `follow`
 *     it was never made                   -- 30s #         ERR_NOT_CREATED, or the service's own error
 *     no look proves anything             -- 130s #       ERR_UNCERTAIN
 */
export function findIfLost(
  job: JobState,
  run: Searching,
  follow: (found: Prediction) => Observable<Prediction>,
): MonoTypeOperatorFunction<Prediction> {
  return catchError((error: unknown) =>
    error instanceof LostAttempt ? find(error, job, run).pipe(concatMap(follow)) : throwError(() => error),
  );
}

function find(lost: LostAttempt, job: JobState, run: Searching): Observable<Prediction> {
  const { attempt, reason } = lost;
  return defer(() => {
    const { index } = job.plan;
    const { state, slots } = run;
    run.emit({ type: 'prediction.lost', index, error: outcomeError(reason) });
    if (reason.code === 'ERR_WRONG_RESPONSE') {
      run.emit({ type: 'warning', message: `Image #${index + 1}: ${reason.message}. It is looked for.` });
    }
    job.isOutOfLine = true;
    state.leftFeed.next(index);
    const isAtRest = () => slots.running === 0 && slots.waiting === 0;
    return run.lookout.find(attempt, { isAtRest, hurry: state.isStopped ? of(null) : run.stop });
  }).pipe(
    catchError((error: unknown) => endUncertain(error, lost, job, run)),
    concatMap((found) => (found === null ? endUnmade(attempt, reason, job, run) : of(found))),
  );
}

/**
 * Ends a search without a result. A run that was stopped leaves the attempt to the next one. With
 * `repay` an image that an earlier run left uncertain is made again.
 */
function endUncertain(
  error: unknown,
  { attempt, reason }: LostAttempt,
  { plan }: JobState,
  { state, repay, lookout }: Pick<Searching, 'lookout' | 'repay' | 'state'>,
): Observable<null> {
  if (!isUncertain(error)) return throwError(() => error);
  if (state.isStopped) return EMPTY;
  if (repay && attempt.isFromBefore) {
    lookout.surplus.settled(attempt);
    return of(null);
  }
  const { code, suggestion, recoverable, tookEffect, cause } = error;
  const message = `Image #${plan.index + 1}: ${error.message} The request ended so: ${reason.message}`;
  return throwError(
    () => new ProviderError(code, message, { suggestion, recoverable, tookEffect, cause: cause ?? reason }),
  );
}

/**
 * Ends an attempt that made nothing. If the service never responded to it, or was away, it does not
 * count.
 */
function endUnmade(
  { isFromBefore = false, sentAtMs, endedAtMs }: Attempt,
  reason: ProviderError,
  job: JobState,
  { journal, outage }: Pick<Searching, 'journal' | 'outage'>,
): Observable<never> {
  const wasAway = isServiceAway(reason) === true && outage.wasAway(endedAtMs ?? sentAtMs);
  // A fault of the service itself may be that of one request.
  const isOutage = wasAway && reason.status !== 500;
  const ended = recordEnded(0, job, { journal });
  if ((reason.status === null || isOutage) && !isFromBefore) job.attempts -= 1;
  return ended.pipe(concatMap(() => throwError(() => (isOutage ? new LostInOutage() : notMade(reason)))));
}
