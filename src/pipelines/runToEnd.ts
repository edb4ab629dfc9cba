import {
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  identity,
  ignoreElements,
  last,
  map,
  type Observable,
  tap,
} from 'rxjs';
import { pullMap } from '../operators/pullMap.ts';
import { tally } from '../operators/tally.ts';
import type { Outcome, Plan } from '../types.ts';
import { concurrencyOf } from './concurrencyOf.ts';
import { deliverEarlier } from './deliverEarlier.ts';
import { midRunFault } from './midRunFault.ts';
import type { OpenRun } from './openRun.ts';
import type { RunEnd } from './runToFolder.ts';
import { skippedOutcome } from './skippedOutcome.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/** What a run has to do. */
export interface RunWork {
  /** Makes what is missing. */
  readonly outcomes: Observable<Outcome>;
  /** Every job that is to have an outcome in the end; read when `outcomes` is done. */
  readonly plans: PlanSource;
  readonly total: number;
  readonly alreadySaved: number;
}

/** Makes what is missing and gives every other job an outcome too. The first fault is the one that is told. */
export function runToEnd(
  { outcomes, plans, total, alreadySaved }: RunWork,
  run: OpenRun,
): Observable<RunEnd> {
  const {
    emit = () => {},
    folder,
    strategy = 'stream',
    scheduler = asyncScheduler,
    isPaidBefore,
  } = run.config;
  const concurrency = concurrencyOf(strategy, run.config.concurrency);
  return defer(() => {
    const startedAtMs = scheduler.now();
    let fault: unknown = null;
    let current = alreadySaved;
    const tellEach = tap<Outcome>(({ prompt, status, predictionId }) => {
      current += 1;
      const percent = Math.floor((current * 100) / total);
      const elapsedMs = scheduler.now() - startedAtMs;
      emit({ type: 'job.progress', current, total, percent, prompt, status, predictionId, elapsedMs });
    });
    const noteFault = catchError<Outcome, typeof EMPTY>((error: unknown) => {
      fault ??= midRunFault(error);
      return EMPTY;
    });
    emit({ type: 'run.started', folder, total, alreadySaved, concurrency });
    const earlier = deliverEarlier(run).pipe(noteFault, ignoreElements());
    return concat(
      earlier,
      outcomes.pipe(strategy === 'sequential' ? tellEach : identity, noteFault),
      withoutOutcome(plans, run).pipe(noteFault),
    ).pipe(
      tally({ total, alreadySaved, ...(isPaidBefore && { isPaidBefore }) }),
      last(),
      map((totals) => ({ totals, fault, startedAtMs, elapsedMs: scheduler.now() - startedAtMs })),
    );
  });
}

/** Writes down the jobs that have no outcome when everything else is done: there are some only after a stop or a fault. */
function withoutOutcome(plans: PlanSource, run: OpenRun): Observable<Outcome> {
  const { manifest, journal, isChosen } = run;
  const write = (plan: Plan) =>
    manifest.append(skippedOutcome(plan, journal.find(plan.index), isChosen(plan.index)));
  return pullMap(plansWithoutOutcome(plans, run), write, { concurrency: 64 });
}

async function* plansWithoutOutcome(plans: PlanSource, { manifest }: OpenRun): AsyncGenerator<Plan> {
  for await (const plan of plans()) {
    if (!manifest.has(plan.index)) yield plan;
  }
}
