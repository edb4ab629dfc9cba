import type { Observable } from 'rxjs';
import type { Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

/** Books what an attempt without output, or with a lost one, cost and writes down that it is over. */
export function closeAttempt(prediction: Prediction, account: JobAccount, run: Run): Observable<void> {
  account.open = null;
  const unknownMicroUsd = prediction.outputComplete ? account.request.priceMicroUsd : null;
  const costMicroUsd = run.answers.costOf(prediction) ?? unknownMicroUsd ?? 0;
  if (costMicroUsd > 0) {
    account.paidMicroUsd += costMicroUsd;
    account.reservation?.settle(costMicroUsd);
    account.reservation = null;
  }
  return run.journal.record(account.plan, { type: 'ended', attempt: account.attempts, costMicroUsd });
}
