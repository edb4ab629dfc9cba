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
import type { Mark } from '../ports.ts';
import type { Outcome, Plan } from '../types.ts';
import { closeJob } from './journey/closeJob.ts';
import { type JobState, openJob, type Turn } from './journey/job.ts';
import { obtainOriginals } from './journey/obtainOriginals.ts';
import { failedOutcome, savedOutcome } from './journey/outcomes.ts';
import type { GenerateConfig, Run } from './journey/run.ts';
import { createRun } from './run/createRun.ts';
import { deliver } from './run/deliver.ts';
import { type PlanSource, withRecoveryRounds } from './run/recoveryRounds.ts';

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
    const outcomes = withRecoveryRounds(plans, run, (plan, turn) => journey(plan, turn, run));
    return concat(
      outcomes,
      defer(() => (run.fault === null ? EMPTY : throwError(() => run.fault))),
    );
  });
}

/** The way of one job. */
function journey(plan: Plan, turn: Turn, run: Run): Observable<Outcome> {
  const job = openJob(plan, run.journal.find(plan.index), turn);
  return kept(plan, run).pipe(
    obtainOriginals(job, run),
    renditions(run.renderer, plan.renditions, { within: gate(run.encoders), ...markOf(job, run) }),
    map((images) => savedOutcome(job, images, run)),
    deliver(run),
    catchError((error: unknown) => {
      if (!(error instanceof ProviderError && error.stopsRun)) return of(failedOutcome(job, error, run));
      // The others may be paid already, and their outputs live one hour only.
      run.halt(error);
      return EMPTY;
    }),
    concatMap((outcome) => end(outcome, job, run)),
  );
}

/** Which prediction made them is known only when there is a picture, which is when it is asked for. */
function markOf(job: JobState, { marks }: Run): { mark?: Mark } {
  if (marks === null) return {};
  const mark: Mark = async (bytes, format) => {
    const { prediction, plan } = job;
    return prediction === null ? bytes : marks(prediction, plan)(bytes, format);
  };
  return { mark };
}

/** A detached run keeps its plans for whoever collects what they lead to. */
function kept(plan: Plan, run: Run): Observable<Plan> {
  return run.detach === undefined ? of(plan) : concat(run.detach(plan).pipe(ignoreElements()), of(plan));
}

/** What may succeed in another turn, or another round, is put off until then. */
function end(outcome: Outcome, job: JobState, run: Run): Observable<Outcome> {
  const { status, error, index } = outcome;
  const mayComeBack = status === 'failed' && error?.recoverable === true;
  const hasTurn = job.turnsLeft > 0 || run.roundsLeft > 0;
  if (!mayComeBack || !hasTurn || run.isStopped) return closeJob(outcome, job, run);
  run.postponed.set(index, { outcome, job });
  run.emit({ type: 'job.postponed', index, error });
  return EMPTY;
}
