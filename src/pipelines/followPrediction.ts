import { endWith, type Observable, of } from 'rxjs';
import { awaitPrediction } from '../operators/awaitPrediction.ts';
import type { Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { noteCreated } from './noteCreated.ts';

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
      timeoutMs: Math.max(0, run.timeoutMs - (run.scheduler.now() - account.startedAtMs)),
      scheduler: run.scheduler,
    }),
  );
}
