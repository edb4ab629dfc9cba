import { defer, endWith, ignoreElements, type Observable, of, throwError } from 'rxjs';
import { PredictionError } from '../../errors.ts';
import { awaitPrediction } from '../../operators/predictions/awaitPrediction.ts';
import { cancelPrediction } from '../../operators/predictions/cancelPrediction.ts';
import type { Prediction } from '../../types.ts';
import type { JobAccount } from './job.ts';
import type { Run } from './run.ts';

/** Notes the id, then waits until the prediction is final or its time is up. A detached run leaves it to the service. */
export function followPrediction(
  prediction: Prediction,
  account: JobAccount,
  run: Run,
): Observable<Prediction> {
  const { index } = account.plan;
  account.prediction = prediction;
  account.open = { predictionId: prediction.id };
  run.emit({ type: 'prediction.created', index, predictionId: prediction.id, status: prediction.status });
  // Whoever collects it later finds it by its id.
  if (run.detach !== undefined) return noteCreated(prediction, account, run);
  // One that has its output already is written down while it is downloaded: the slot is wanted by the next job.
  if (prediction.outputComplete) return of(prediction);
  return noteCreated(prediction, account, run).pipe(
    endWith(prediction),
    awaitPrediction(run.provider, {
      follower: run.follower,
      sinceMs: account.startedAtMs,
      timeoutMs: Math.max(0, run.timeoutMs - (run.scheduler.now() - account.waitingSinceMs)),
      onTimeout: ({ id }) => timeIsUp(id, account, run),
      scheduler: run.scheduler,
      random: run.random,
    }),
  );
}

function timeIsUp(id: string, account: JobAccount, run: Run): Observable<Prediction> {
  return defer(() => {
    const { timeoutAction: action, scheduler, random } = run;
    const waitedMs = scheduler.now() - account.startedAtMs;
    run.onTimeout({ plan: account.plan, predictionId: id, waitedMs, action });
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
export function noteCreated(prediction: Prediction, account: JobAccount, run: Run): Observable<never> {
  const { plan, attempts } = account;
  return run.journal
    .record(plan, { type: 'created', attempt: attempts, predictionId: prediction.id })
    .pipe(ignoreElements());
}
