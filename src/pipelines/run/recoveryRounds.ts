import {
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  type Observable,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { Journal } from '../../ports.ts';
import type { Outcome, Plan } from '../../types.ts';
import { closeJob } from '../journey/closeJob.ts';
import type { Journey, PostponedJob } from '../journey/job.ts';
import type { Run } from '../journey/run.ts';
import { strategies } from './feeds.ts';

/** Plans that can be gone through more than once. */
export type PlanSource = () => Iterable<Plan> | AsyncIterable<Plan>;

/**
 * The plans that still need work. First those that an earlier run left open, the oldest before the others, because the
 * service keeps their outputs for one hour only; then those never begun or to be begun again. Memory: the open ones.
 */
async function* unfinishedPlans(
  plans: PlanSource,
  journal: Journal,
  isDone: (plan: Plan) => boolean,
): AsyncGenerator<Plan> {
  const open = journal.openIndexes();
  if (open.size > 0) yield* oldestFirst(await plansAt(open, plans, isDone), journal);
  for await (const plan of plans()) {
    if (!open.has(plan.index) && !isDone(plan)) yield plan;
  }
}

async function plansAt(
  indexes: ReadonlySet<number>,
  plans: PlanSource,
  isDone: (plan: Plan) => boolean,
): Promise<Plan[]> {
  const found: Plan[] = [];
  for await (const plan of plans()) {
    if (indexes.has(plan.index) && !isDone(plan)) found.push(plan);
  }
  return found;
}

function oldestFirst(plans: readonly Plan[], journal: Journal): readonly Plan[] {
  const begun = new Map(plans.map(({ index }) => [index, journal.find(index)?.intendedAtMs ?? 0]));
  return plans.toSorted((a, b) => (begun.get(a.index) ?? 0) - (begun.get(b.index) ?? 0));
}

/**
 * Sends all unfinished plans on their journey, then again, after a pause, those that were postponed meanwhile. A run
 * that is told to stop begins no further round: what was postponed, or had no turn in the present one, ends as it was.
 *
 *     plans a, b; b is postponed once  a b
 *     journeys                         -a-b----b    a pause before the second round
 *     withRecoveryRounds               -a------(b|)
 */
export function withRecoveryRounds(plans: PlanSource, run: Run, journey: Journey): Observable<Outcome> {
  const { feed } = strategies[run.strategy];
  const first = feed(unfinishedPlans(plans, run.journal, run.isDone), journey, run);
  const again = (): Observable<Outcome> => {
    const { postponed } = run;
    if (postponed.size === 0) return EMPTY;
    const isOver = ({ index }: Plan) => !postponed.has(index);
    const begin = defer(() => {
      if (run.isStopped) return giveUp(postponed, run);
      run.postponed = new Map();
      run.roundsLeft -= 1;
      // A round is the second chance of a model, too: with one job trying for all, the others would have none.
      run.breaker?.reset();
      const goOn: Journey = (plan, turn) =>
        journey(plan, { ...turn, postponed: turn.postponed ?? postponed.get(plan.index) });
      const round = feed(unfinishedPlans(plans, run.journal, isOver), goOn, run).pipe(
        tap(({ index }) => postponed.delete(index)),
      );
      const untouched = defer(() => {
        for (const index of run.postponed.keys()) postponed.delete(index);
        return giveUp(postponed, run);
      });
      return concat(round, untouched, defer(again));
    });
    return concat(pause(postponed.size, run), begin);
  };
  return concat(first, defer(again));
}

function pause(jobs: number, run: Run): Observable<never> {
  if (run.isStopped) return EMPTY;
  const round = run.recoveryRounds - run.roundsLeft + 1;
  run.emit({ type: 'recovery.started', round, jobs, waitMs: run.recoveryDelayMs });
  return timer(run.recoveryDelayMs, run.scheduler).pipe(takeUntil(run.stop), ignoreElements());
}

function giveUp(postponed: ReadonlyMap<number, PostponedJob>, run: Run): Observable<Outcome> {
  return from(postponed.values()).pipe(concatMap(({ outcome, job }) => closeJob(outcome, job, run)));
}
