import { concat, defer, EMPTY, ignoreElements, type Observable, of } from 'rxjs';
import { toMicroUsd } from '../../base/text.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';
import type { JobAccount } from './job.ts';
import type { Run } from './run.ts';

/**
 * Settles the money, rests the outcome, and only then writes down that the job is done; emits the outcome. Where nobody
 * knows what became of the last attempt its money stays reserved: it may be paid, so no other job can have it.
 */
export function closeAccount(outcome: Outcome, account: JobAccount, run: Run): Observable<Outcome> {
  const { open, reservation, paidMicroUsd } = account;
  const lastMicroUsd = Math.max(0, toMicroUsd(outcome.costUsd ?? 0) - paidMicroUsd);
  const mayBePaid = open !== null && outcome.status !== 'saved' && lastMicroUsd === 0;
  if (!mayBePaid) reservation?.settle(lastMicroUsd);
  return concat(
    outcome.status === 'failed' ? run.putAside(account.plan).pipe(ignoreElements()) : EMPTY,
    run.keep(outcome).pipe(ignoreElements()),
    run.journal.record(account.plan, { type: 'outcome', outcome }).pipe(ignoreElements()),
    outcome.status === 'saved' ? run.release(outcome).pipe(ignoreElements()) : EMPTY,
    defer(() => {
      run.emit(endOf(outcome, run));
      if (outcome.status === 'failed' && !run.continueOnError) run.halt(null);
      return concat(of(outcome), run.handOver(outcome).pipe(ignoreElements()));
    }),
  );
}

function endOf(outcome: Outcome, run: Run): RunEvent {
  if (outcome.status === 'failed') return { type: 'job.failed', outcome };
  if (outcome.status === 'skipped') return { type: 'job.skipped', outcome };
  return { type: 'image.saved', outcome, ...(run.isPaidBefore(outcome) ? { paidBefore: true } : {}) };
}
