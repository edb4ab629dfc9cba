import { concat, defer, ignoreElements, type Observable, of } from 'rxjs';
import type { Outcome } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

/** Settles the money, rests the outcome, and only then writes down that the job is done; emits the outcome. */
export function closeAccount(outcome: Outcome, account: JobAccount, run: Run): Observable<Outcome> {
  const paidMicroUsd = Math.round((outcome.costUsd ?? 0) * 1_000_000);
  account.reservation?.settle(paidMicroUsd - account.paidMicroUsd);
  const entry = { type: 'outcome', outcome } as const;
  return concat(
    run.keep(outcome).pipe(ignoreElements()),
    run.journal.record(account.plan, entry).pipe(ignoreElements()),
    defer(() => {
      run.emit(entry);
      return of(outcome);
    }),
  );
}
