import { pullMap } from '../../operators/pullMap.ts';
import type { Feed } from './Feed.ts';

/** All jobs at once, as far as the run's places go; where they do not, it is said. */
export const parallelFeed: Feed = (plans, journey, { slots, stop, emit }) =>
  pullMap(
    plans,
    (plan, count) => {
      // The first one that had to wait for a place.
      if (count === slots.places) emit({ type: 'warning', message: capped(slots.places) });
      return journey(plan, { turnsLeft: 0 });
    },
    { concurrency: slots.places, stop },
  );

function capped(places: number): string {
  return `More jobs than may be under way at once: the rest begins as places become free. The cap is ${places}; --concurrency N moves it.`;
}
