import { concat, concatMap, defer, EMPTY, from, ignoreElements, type Observable, takeUntil, tap } from 'rxjs';
import { longTimer } from '../../base/monotonicScheduler.ts';
import type { Journal } from '../../ports.ts';
import type { Outcome, Plan } from '../../types.ts';
import { type Closing, closeJob } from '../journey/closeJob.ts';
import type { Journey, PostponedJob } from '../journey/job.ts';
import type {
  RunClock,
  RunControl,
  RunHooks,
  RunLimits,
  RunRecovery,
  RunServices,
  Shared,
  Stateful,
} from '../journey/run.ts';
import { type FedRun, strategies } from './feeds.ts';
import { leaveFeed } from './leaveFeed.ts';

/**
 * The groups of a run that recovery rounds read: those of the feed, those of closing a job, and
 * their own.
 */
type Recovering = FedRun &
  Closing &
  Pausing &
  Pick<RunHooks, 'isDone'> &
  Pick<RunServices, 'journal'> &
  Pick<Shared, 'breaker'> &
  Pick<RunLimits, 'strategy'>;

/** The groups of a run that the pause before a round reads. */
type Pausing = Pick<RunRecovery, 'recoveryRounds' | 'recoveryDelayMs'> &
  Pick<RunHooks, 'emit'> &
  Pick<RunControl, 'stop'> &
  Pick<RunClock, 'scheduler'> &
  Stateful;

/** A source of plans that can be iterated more than once. */
export type PlanSource = () => Iterable<Plan> | AsyncIterable<Plan>;

/**
 * Yields the plans that still need work. Those that an earlier run left open come first, the oldest
 * before the others, because the service stores their outputs for one hour only; the rest follow.
 * Holds the open plans in memory.
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
 * Sends all unfinished plans on their journey, then, after a pause, those that were postponed
 * meanwhile. A run that is stopped begins no further round: postponed jobs, and those without a
 * turn in the current round, end as they were.
 *
 *     plans a, b; b is postponed once  a b
 *     journeys                         -a-b----b    a pause before the second round
 *     withRecoveryRounds               -a------(b|)
 */
export function withRecoveryRounds(
  plans: PlanSource,
  journey: Journey,
  run: Recovering,
): Observable<Outcome> {
  const { state } = run;
  const { feed } = strategies[run.strategy];
  const feedAll = (unfinished: AsyncIterable<Plan>, each: Journey) =>
    leaveFeed((inFeed) => feed(unfinished, inFeed, run), each, run).pipe(
      // A job that left a queue after a stop may have been put aside as its last turn ended.
      tap(({ index }) => state.postponed.delete(index)),
    );
  const first = feedAll(unfinishedPlans(plans, run.journal, run.isDone), journey);
  const again = (): Observable<Outcome> => {
    const { postponed } = state;
    if (postponed.size === 0) return EMPTY;
    const isOver = ({ index }: Plan) => !postponed.has(index);
    const begin = defer(() => {
      if (state.isStopped) return giveUp(postponed, run);
      state.postponed = new Map();
      state.roundsLeft -= 1;
      // A round gives paused models another chance too: with one trial job for each, the other jobs
      // would have none.
      run.breaker?.reset();
      const resume: Journey = (plan, turn) =>
        journey(plan, { ...turn, postponed: turn.postponed ?? postponed.get(plan.index) });
      const round = feedAll(unfinishedPlans(plans, run.journal, isOver), resume).pipe(
        tap(({ index }) => postponed.delete(index)),
      );
      const untouched = defer(() => {
        for (const index of state.postponed.keys()) postponed.delete(index);
        return giveUp(postponed, run);
      });
      return concat(round, untouched, defer(again));
    });
    return concat(pause(postponed.size, run), begin);
  };
  return concat(first, defer(again));
}

function pause(jobs: number, run: Pausing): Observable<never> {
  const { state, recoveryRounds, recoveryDelayMs: waitMs } = run;
  if (state.isStopped) return EMPTY;
  const round = recoveryRounds - state.roundsLeft + 1;
  run.emit({ type: 'recovery.started', round, jobs, waitMs });
  return longTimer(waitMs, run.scheduler).pipe(takeUntil(run.stop), ignoreElements());
}

function giveUp(postponed: ReadonlyMap<number, PostponedJob>, run: Closing): Observable<Outcome> {
  return from(postponed.values()).pipe(concatMap(({ outcome, job }) => closeJob(outcome, job, run)));
}
