import { filter, map, merge, type Observable, takeWhile } from 'rxjs';
import type { Follower } from '../ports.ts';
import type { PredictionEvent } from '../types.ts';
import { isFinal } from './isFinal.ts';

/**
 * Follows predictions by what the service tells of itself (webhooks), with another way of following behind it, since any
 * of its messages may be lost.
 *
 *     events              ---a-----     a: its end
 *     behind.follow(b)    -------(b|)
 *     follow(a)           ---(a|)
 *     follow(b)           -------(b|)   its message never came
 */
export function createEventFollower(events: Observable<PredictionEvent>, behind: Follower): Follower {
  return {
    follow: (prediction, sinceMs) => {
      const told = events.pipe(
        filter((event) => event.prediction.id === prediction.id),
        map((event) => event.prediction),
      );
      return merge(told, behind.follow(prediction, sinceMs)).pipe(
        takeWhile((state) => !isFinal(state), true),
      );
    },
  };
}
