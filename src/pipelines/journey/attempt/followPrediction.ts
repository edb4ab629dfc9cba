import {
  catchError,
  concatMap,
  defer,
  endWith,
  ignoreElements,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { askForOutput } from '../../../operators/predictions/askForOutput.ts';
import { awaitPrediction, timeoutError } from '../../../operators/predictions/awaitPrediction.ts';
import { cancelPrediction } from '../../../operators/predictions/cancelPrediction.ts';
import { isFinal } from '../../../operators/predictions/pollSchedule.ts';
import { throwFailed } from '../../../operators/stages/throwFailed.ts';
import type { Prediction } from '../../../types.ts';
import { itemOf, type JobState } from '../job.ts';
import type { RunClock, RunHooks, RunLimits, RunRecovery, RunServices } from '../run.ts';

/** The groups of a run that following a prediction reads. */
export type Following = Overdue &
  Pick<RunServices, 'follower' | 'journal' | 'answers'> &
  Pick<RunLimits, 'timeoutMs'> &
  Pick<RunHooks, 'emit' | 'detached'>;

/** The groups of a run that ending an overdue prediction reads. */
type Overdue = Pick<RunServices, 'provider' | 'outage'> &
  Pick<RunRecovery, 'timeoutAction'> &
  Pick<RunHooks, 'onTimeout'> &
  Pick<RunClock, 'scheduler' | 'random'>;

/**
 * Records the prediction's id, then awaits its end or its timeout. A detached run leaves the
 * prediction to the service.
 */
export function followPrediction(
  prediction: Prediction,
  job: JobState,
  run: Following,
): Observable<Prediction> {
  const { index, prompt } = job.plan;
  const { id: predictionId, status } = prediction;
  job.stage = 'polling';
  job.prediction = prediction;
  job.open = { predictionId };
  run.emit({ type: 'prediction.created', index, prompt, predictionId, status });
  // `collect` finds it by its id.
  if (run.detached) return recordCreated(prediction, job, run);
  // A prediction that has its output is recorded while it is downloaded, so that the next job can
  // have the slot.
  if (prediction.outputComplete) return of(prediction).pipe(askForOutput(run));
  return recordCreated(prediction, job, run).pipe(
    endWith(itemOf(prediction, job, run)),
    awaitPrediction(run.provider, {
      follower: run.follower,
      timeoutMs: Math.max(0, run.timeoutMs - (run.scheduler.now() - job.waitingSinceMs)),
      onTimeout: ({ id }) => endOverdue(id, job, run),
      scheduler: run.scheduler,
      random: run.random,
    }),
    throwFailed(),
    map((item) => item.prediction),
  );
}

/**
 * Ends a prediction that is not known to be final in time. It may have been final for long, if the
 * service was away meanwhile. If it is left to the service, its attempt stays open in the journal:
 * the next run resumes it by its id.
 */
function endOverdue(id: string, job: JobState, run: Overdue): Observable<Prediction> {
  const { timeoutAction: action, provider, outage, scheduler, random } = run;
  const end = () => {
    const waitedMs = scheduler.now() - job.waitingSinceMs;
    run.onTimeout({ plan: job.plan, predictionId: id, waitedMs, action });
    return action === 'cancel'
      ? cancelPrediction(provider, id, { random, scheduler })
      : throwError(() => timeoutError(id, waitedMs, 'was left to the service'));
  };
  return defer(() => {
    if (outage.awayMs(job.waitingSinceMs) === 0) return end();
    return provider.getPrediction(id).pipe(
      catchError(() => of(null)),
      concatMap((state) => (state !== null && isFinal(state) ? of(state) : end())),
    );
  });
}

/** Records that the open attempt of a job is over, at this cost; completes when that is durable. */
export function recordEnded(
  costMicroUsd: number,
  job: JobState,
  run: Pick<RunServices, 'journal'>,
): Observable<void> {
  job.open = null;
  return run.journal.record(job.plan, { type: 'ended', attempt: job.attempts, costMicroUsd });
}

/** Records the prediction of a job's open attempt; completes when that is durable. */
export function recordCreated(
  prediction: Pick<Prediction, 'id'>,
  job: JobState,
  run: Pick<RunServices, 'journal'>,
): Observable<never> {
  const { plan, attempts } = job;
  return run.journal
    .record(plan, { type: 'created', attempt: attempts, predictionId: prediction.id })
    .pipe(ignoreElements());
}
