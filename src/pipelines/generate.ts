import { catchError, concat, concatMap, defer, ignoreElements, map, type Observable, of, tap } from 'rxjs';
import { gate } from '../operators/gate.ts';
import { pullMap } from '../operators/pullMap.ts';
import { renditions } from '../operators/renditions.ts';
import type { Outcome, Plan } from '../types.ts';
import { createJobAccount, type JobAccount } from './createJobAccount.ts';
import { createRun, type Run } from './createRun.ts';
import { failedOutcome } from './failedOutcome.ts';
import { fetchOriginals } from './fetchOriginals.ts';
import type { GenerateConfig } from './GenerateConfig.ts';
import { makePrediction } from './makePrediction.ts';
import { savedOutcome } from './savedOutcome.ts';
import { type PlanSource, unfinishedPlans } from './unfinishedPlans.ts';

/**
 * Makes every image of the plans and emits each job's outcome as it is reached; jobs that the journal has as saved are
 * passed over. Pulls plans only as places become free, so a million of them take the memory of a few.
 *
 *     plans         a b c          as many as there are places
 *     job a         -----(o|)
 *     job b         ---(o|)
 *     job c            ----(o|)    begins when b is done
 *     generate      ---b-a-(c|)
 *
 * One job's failure is an outcome. Emits an error only for what concerns the whole run, and then begins nothing more:
 * `ProviderError` with `stopsRun` (401, 402), `StorageError` (disk full, folder gone). What was under way goes on at
 * the service and is taken up by the next run over the same journal.
 */
export function generate(plans: PlanSource, config: GenerateConfig): Observable<Outcome> {
  return defer(() => {
    const run = createRun(config);
    return pullMap(unfinishedPlans(plans, run.journal, run.isDone), (plan) => journey(plan, run), {
      concurrency: run.journeys,
      stop: run.stop.pipe(
        tap(() => {
          run.isStopped = true;
        }),
      ),
    });
  });
}

/** The way of one job. */
function journey(plan: Plan, run: Run): Observable<Outcome> {
  const account = createJobAccount(plan, run.journal.find(plan.index));
  return of(plan).pipe(
    makePrediction(account, run),
    fetchOriginals(account, run),
    renditions(run.renderer, plan.renditions, { within: gate(run.encoders) }),
    map((images) => savedOutcome(account, images, run)),
    catchError((error: unknown) => of(failedOutcome(account, error, run))),
    concatMap((outcome) => closeAccount(outcome, account, run)),
  );
}

/** Settles the money, rests the outcome, and only then writes down that the job is done. */
function closeAccount(outcome: Outcome, account: JobAccount, run: Run): Observable<Outcome> {
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
