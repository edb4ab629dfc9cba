import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
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
  // The way out is the subscriber's own teardown, so a source that ends at once gives its place back too; and nothing more
  // is held for who waits: there may be a million.
  return (source) => new Observable<T>((subscriber) => through.enter(() => source.subscribe(subscriber)));
}
