import { concatMap, type Observable, of, throwError } from 'rxjs';
import { hideInPrediction } from '../../../base/secretInputs.ts';
import { PredictionError } from '../../../errors.ts';
import { timeoutError } from '../../../operators/predictions/awaitPrediction.ts';
import type { Prediction } from '../../../types.ts';
import type { JobState } from '../job.ts';
import type { RunClock, RunHooks, RunLimits, RunServices, Stateful } from '../run.ts';
import { closeAttempt } from './beginAttempt.ts';

/** The groups of a run that settling an attempt reads. */
export type Settling = Ending & Pick<RunServices, 'journal'> & Pick<RunHooks, 'emit'>;

/** The groups of a run that naming the error of an ended prediction reads. */
type Ending = Pick<RunServices, 'answers'> &
  Pick<RunLimits, 'timeoutMs'> &
  Pick<RunClock, 'scheduler'> &
  Stateful;

/** Emits a prediction with output; books an attempt that ended without one, and emits its error. */
export function settle(shown: Prediction, job: JobState, run: Settling): Observable<Prediction> {
  const { plan } = job;
  const prediction = hideInPrediction(shown, plan.input, plan.secrets);
  job.prediction = prediction;
  run.emit({
    type: 'prediction.completed',
    index: plan.index,
    predictionId: prediction.id,
    status: prediction.status,
  });
  if (prediction.outputComplete) {
    bookDearer(prediction, job, run);
    return of(prediction);
  }
  return closeAttempt(prediction, job, run).pipe(
    concatMap(() => throwError(() => endedError(prediction, job, run))),
  );
}

/**
 * Books a prediction that was dearer than its reservation, before its slot is free: the next job
 * must not get money that is spent. Any other is booked with its outcome.
 */
function bookDearer(prediction: Prediction, job: JobState, { answers }: Ending): void {
  const { reservation } = job;
  const costMicroUsd = answers.costOf(prediction);
  if (reservation === null || costMicroUsd === null || costMicroUsd <= reservation.microUsd) return;
  reservation.settle(costMicroUsd);
  job.reservation = null;
}

function endedError(prediction: Prediction, job: JobState, run: Ending): PredictionError {
  const tookMs = run.scheduler.now() - job.waitingSinceMs;
  if (run.state.isStopped && prediction.status === 'canceled') return stoppedError(prediction.id);
  if (prediction.status === 'failed' || tookMs < run.timeoutMs) return run.answers.errorOf(prediction);
  return timeoutError(prediction.id, tookMs, 'was cancelled');
}

function stoppedError(predictionId: string): PredictionError {
  return new PredictionError(
    'ERR_STOPPED',
    `The run was stopped and prediction ${predictionId} was cancelled.`,
    { predictionId, recoverable: true, suggestion: 'Run the same command again to continue.' },
  );
}
