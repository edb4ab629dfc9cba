import {
  concat,
  defer,
  EMPTY,
  filter,
  merge,
  mergeAll,
  type Observable,
  Subject,
  share,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import type { Outcome } from '../../types.ts';
import type { Journey } from '../journey/job.ts';
import type { Stateful } from '../journey/run.ts';

/**
 * Runs a feed that a job leaves when its create request is lost: its place is free for the next job
 * at once, and its journey goes on beside the feed. Completes when the feed and all these journeys
 * have ended.
 *
 *     feed, one job at a time   a b
 *     journey a                 --L-----(a|)     L: lost
 *     journey b                   ---(b|)
 *     leaveFeed                 -----b--(a|)
 */
export function leaveFeed(
  feed: (journey: Journey) => Observable<Outcome>,
  journey: Journey,
  { state }: Stateful,
): Observable<Outcome> {
  return defer(() => {
    const outside = new Subject<Observable<Outcome>>();
    const inside: Journey = (plan, turn) => {
      const live = journey(plan, turn).pipe(share());
      const left = state.leftFeed.pipe(
        filter((index) => index === plan.index),
        take(1),
        // Continued outside before it ends here, so that it is never without a subscriber.
        tap(() => outside.next(live)),
      );
      return live.pipe(takeUntil(left));
    };
    const end = defer(() => {
      outside.complete();
      return EMPTY;
    });
    return merge(outside.pipe(mergeAll()), concat(feed(inside), end));
  });
}
