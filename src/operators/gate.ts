import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs';
import type { Gate } from './createGate.ts';

/**
 * Subscribes to its source when the gate has a free place, and gives the place back when the source completes, fails or
 * is unsubscribed. Who waits is let in first come, first served.
 *
 *     two sources, one place     --(a|)
 *     first                      --(a|)
 *     second                     ----(a|)
 */
export function gate<T>(through: Gate): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      const visit = new Subscription();
      // Leaving is added before the source is subscribed, so a source that ends at once gives its place back too.
      const leave = through.enter(() => visit.add(source.subscribe(subscriber)));
      visit.add(leave);
      return visit;
    });
}
