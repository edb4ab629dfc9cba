import { ignoreElements, type Observable } from 'rxjs';
import type { Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

/** Writes down which prediction the open attempt of a job has; completes when that is durable. */
export function noteCreated(prediction: Prediction, account: JobAccount, run: Run): Observable<never> {
  const { plan, attempts } = account;
  return run.journal
    .record(plan, { type: 'created', attempt: attempts, predictionId: prediction.id })
    .pipe(ignoreElements());
}
