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
import type { Outcome, Plan } from '../types.ts';
import { closeAccount } from './closeAccount.ts';
import type { PostponedJob, Run } from './createRun.ts';
import type { Journey } from './feeds/Feed.ts';
import { feeds } from './feeds/feeds.ts';
import { type PlanSource, unfinishedPlans } from './unfinishedPlans.ts';

/**
 * Sends all unfinished plans on their journey, then again, after a pause, those that were postponed meanwhile. A run
 * that is told to stop begins no further round: what was postponed, or had no turn in the present one, ends as it was.
 *
 *     plans a, b; b is postponed once   a b
 *     journeys                          -a-b----b    a pause before the second round
 *     inRounds                          -a------(b|)
 */
export function inRounds(plans: PlanSource, run: Run, journey: Journey): Observable<Outcome> {
  const feed = feeds[run.strategy];
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
  return from(postponed.values()).pipe(
    concatMap(({ outcome, account }) => closeAccount(outcome, account, run)),
  );
}
