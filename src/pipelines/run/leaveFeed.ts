import {
  concat,
  defer,
  EMPTY,
  filter,
  finalize,
  ignoreElements,
  merge,
  mergeAll,
  type Observable,
  Subject,
  share,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { option } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import type { Journey } from '../journey/job.ts';
import type { RunClock, RunHooks, Stateful } from '../journey/run.ts';

/** The groups of a run that leaving its feed reads. */
type Leaving = Stateful & Pick<RunHooks, 'emit'> & Pick<RunClock, 'scheduler'>;

/** Time after the end of the feed until a warning names the reason that the run continues. */
const HINT_MS = 5_000;

/**
 * Runs a feed that a job leaves when its create request is lost: its place is free for the next job
 * at once, and its journey continues beside the feed. Completes when the feed and all these
 * journeys have ended.
 *
 *     feed, one job at a time   a b
 *     journey a                 --L-----(a|)     L: lost
 *     journey b                   ---(b|)
 *     leaveFeed                 -----b--(a|)
 */
export function leaveFeed(
  feed: (journey: Journey) => Observable<Outcome>,
  journey: Journey,
  { state, emit, scheduler }: Leaving,
): Observable<Outcome> {
  return defer(() => {
    const outside = new Subject<Observable<Outcome>>();
    const over = new Subject<void>();
    let waiting = 0;
    const leave = (live: Observable<Outcome>): void => {
      waiting += 1;
      const end = finalize<Outcome>(() => {
        waiting -= 1;
      });
      outside.next(live.pipe(end));
    };
    const inside: Journey = (plan, turn) => {
      const live = journey(plan, turn).pipe(share());
      const left = state.leftFeed.pipe(
        filter((index) => index === plan.index),
        take(1),
        // Continued outside before it ends here, so that it is never without a subscriber.
        tap(() => leave(live)),
      );
      return live.pipe(takeUntil(left));
    };
    const hint = defer(() => {
      outside.complete();
      if (waiting === 0) return EMPTY;
      return timer(HINT_MS, scheduler).pipe(
        takeUntil(over),
        tap(() => emit({ type: 'warning', message: waitingFor(waiting) })),
        ignoreElements(),
      );
    });
    const others = outside.pipe(
      mergeAll(),
      finalize(() => over.next()),
    );
    return merge(others, concat(feed(inside), hint));
  });
}

function waitingFor(jobs: number): string {
  const subject =
    jobs === 1
      ? '1 job whose create request was lost is'
      : `${jobs} jobs whose create requests were lost are`;
  return `${subject} not done yet: the list of predictions is searched before anything is given up. ${option('--look-for')} sets for how long.`;
}
