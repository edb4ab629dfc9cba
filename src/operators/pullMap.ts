import { from, Observable, type ObservableInput, type ObservedValueOf } from 'rxjs';
import { expectCount, expectPulling } from './internal/options.ts';
import { Puller } from './internal/puller.ts';

export interface PullMapConfig {
  /** Inner Observables at the same time: an integer of 1 or more. */
  concurrency: number;
  /** Stops pulling when it emits; items in flight finish. Default: never emits. */
  stop?: ObservableInput<unknown>;
}

/**
 * Maps each item of a source to an inner Observable or promise, and emits the values of all of them
 * as they come. Pulls an item only when a slot is free: it is never more than `concurrency` items
 * ahead, and buffers nothing.
 *
 *     source                      a, b, c
 *     a                           ---(a|)
 *     b                           -(b|)
 *     c                            ----(c|)
 *     pullMap({concurrency: 2})   -b-a-(c|)
 *
 * A slot is free again when its inner Observable completes. An error of the source, of `project` or
 * of an inner Observable ends the stream. Unsubscribing unsubscribes the inner Observables. A
 * source that was not read to its end is closed with `iterator.return()`. Throws a RangeError if an
 * argument is invalid.
 */
export function pullMap<T, O extends ObservableInput<unknown>>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T, index: number) => O,
  config: PullMapConfig,
): Observable<ObservedValueOf<O>> {
  expectPulling(source, project, config, 'concurrency');
  const { concurrency, stop } = config;
  expectCount(concurrency, 'concurrency', 1);
  return new Observable<ObservedValueOf<O>>((subscriber) => {
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    const puller = new Puller({ iterator, project, concurrency }, subscriber);
    subscriber.add(puller.stop);
    if (stop !== undefined) {
      const error = (reason: unknown) => subscriber.error(reason);
      subscriber.add(from(stop).subscribe({ next: puller.stop, error }));
    }
    puller.pull();
  });
}
