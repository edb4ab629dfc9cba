import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { ProviderError } from '../errors.ts';
import { gate } from '../operators/gate.ts';
import { renditions } from '../operators/stages/renditions.ts';
import type { ProvenanceWriter } from '../ports.ts';
import type { Outcome, Plan } from '../types.ts';
import { closeAccount } from './journey/closeJob.ts';
import { createJobAccount, type JobAccount, type Turn } from './journey/job.ts';
import { obtainOriginals } from './journey/obtainOriginals.ts';
import { failedOutcome, savedOutcome } from './journey/outcomes.ts';
import type { GenerateConfig, Run } from './journey/run.ts';
import { createRun } from './run/createRun.ts';
import { delivered } from './run/deliver.ts';
import { inRounds, type PlanSource } from './run/recoveryRounds.ts';

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
 * `ProviderError` with `stopsRun` (401, 402) once what is under way has been finished; `StorageError` (disk full, folder
 * gone) at once: what was under way goes on at the service and is taken up by the next run over the same journal.
 */
export function generate(plans: PlanSource, config: GenerateConfig): Observable<Outcome> {
  return defer(() => {
    const run = createRun(config);
    const outcomes = inRounds(plans, run, (plan, turn) => journey(plan, turn, run));
    return concat(
      outcomes,
      defer(() => (run.fault === null ? EMPTY : throwError(() => run.fault))),
    );
  });
}

/** The way of one job. */
function journey(plan: Plan, turn: Turn, run: Run): Observable<Outcome> {
  const account = createJobAccount(plan, run.journal.find(plan.index), turn);
  return kept(plan, run).pipe(
    obtainOriginals(account, run),
    renditions(run.renderer, plan.renditions, { within: gate(run.encoders), ...provenanceOf(account, run) }),
    map((images) => savedOutcome(account, images, run)),
    delivered(run),
    catchError((error: unknown) => {
      if (!(error instanceof ProviderError && error.stopsRun)) return of(failedOutcome(account, error, run));
      // The others may be paid already, and their outputs live one hour only.
      run.halt(error);
      return EMPTY;
    }),
    concatMap((outcome) => end(outcome, account, run)),
  );
}

/** Which prediction made them is known only when there is a picture, which is when it is asked for. */
function provenanceOf(
  account: JobAccount,
  { provenanceWriters }: Run,
): { embedProvenance?: ProvenanceWriter } {
  if (provenanceWriters === null) return {};
  const embedProvenance: ProvenanceWriter = async (bytes, format) => {
    const { prediction, plan } = account;
    return prediction === null ? bytes : provenanceWriters(prediction, plan)(bytes, format);
  };
  return { embedProvenance };
}

/** A detached run keeps its plans for whoever collects what they lead to. */
function kept(plan: Plan, run: Run): Observable<Plan> {
  return run.detach === undefined ? of(plan) : concat(run.detach(plan).pipe(ignoreElements()), of(plan));
}

/** What may succeed in another turn, or another round, is put off until then. */
function end(outcome: Outcome, account: JobAccount, run: Run): Observable<Outcome> {
  const { status, error, index } = outcome;
  const mayComeBack = status === 'failed' && error?.recoverable === true;
  const hasTurn = account.turnsLeft > 0 || run.roundsLeft > 0;
  if (!mayComeBack || !hasTurn || run.isStopped) return closeAccount(outcome, account, run);
  run.postponed.set(index, { outcome, account });
  run.emit({ type: 'job.postponed', index, error });
  return EMPTY;
}
