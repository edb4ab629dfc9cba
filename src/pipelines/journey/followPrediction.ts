import { defer, endWith, ignoreElements, type Observable, of, throwError } from 'rxjs';
import { PredictionError } from '../../errors.ts';
import { awaitPrediction } from '../../operators/predictions/awaitPrediction.ts';
import { cancelPrediction } from '../../operators/predictions/cancelPrediction.ts';
import type { Prediction } from '../../types.ts';
import type { JobState } from './job.ts';
import type { Run } from './run.ts';

/** Notes the id, then waits until the prediction is final or its time is up. A detached run leaves it to the service. */
export function followPrediction(prediction: Prediction, job: JobState, run: Run): Observable<Prediction> {
  const { index } = job.plan;
  job.prediction = prediction;
  job.open = { predictionId: prediction.id };
  run.emit({ type: 'prediction.created', index, predictionId: prediction.id, status: prediction.status });
  // Whoever collects it later finds it by its id.
  if (run.detach !== undefined) return noteCreated(prediction, job, run);
  // One that has its output already is written down while it is downloaded: the slot is wanted by the next job.
  if (prediction.outputComplete) return of(prediction);
  return noteCreated(prediction, job, run).pipe(
    endWith(prediction),
    awaitPrediction(run.provider, {
      follower: run.follower,
      sinceMs: job.startedAtMs,
      timeoutMs: Math.max(0, run.timeoutMs - (run.scheduler.now() - job.waitingSinceMs)),
      onTimeout: ({ id }) => timeIsUp(id, job, run),
      scheduler: run.scheduler,
      random: run.random,
    }),
  );
}

function timeIsUp(id: string, job: JobState, run: Run): Observable<Prediction> {
  return defer(() => {
    const { timeoutAction: action, scheduler, random } = run;
    const waitedMs = scheduler.now() - job.startedAtMs;
    run.onTimeout({ plan: job.plan, predictionId: id, waitedMs, action });
    return action === 'cancel'
      ? cancelPrediction(run.provider, id, { random, scheduler })
      : throwError(() => leftError(id, waitedMs));
  });
}

/** The attempt stays open in the journal, so that whoever comes next takes it up by its id. */
function leftError(predictionId: string, waitedMs: number): PredictionError {
  return new PredictionError(
    'ERR_PREDICTION_TIMEOUT',
    `Prediction ${predictionId} was not finished after ${Math.round(waitedMs / 1_000)} s and was left to the service.`,
    {
      predictionId,
      recoverable: true,
      suggestion: 'Run the same command again within the hour after its end: it is fetched, not paid, again.',
    },
  );
}

/** Writes down which prediction the open attempt of a job has; completes when that is durable. */
export function noteCreated(prediction: Prediction, job: JobState, run: Run): Observable<never> {
  const { plan, attempts } = job;
  return run.journal
    .record(plan, { type: 'created', attempt: attempts, predictionId: prediction.id })
    .pipe(ignoreElements());
}
