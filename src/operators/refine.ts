import {
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  type ObservedValueOf,
  tap,
  toArray,
} from 'rxjs';
import { expectBound, expectConfig, expectFunction, shareStop } from './internal/options.ts';
import { pullMap } from './pullMap.ts';

export interface RefineConfig<T, O extends ObservableInput<unknown>> {
  /**
   * Makes the results of one round: `(items) => pullMap(items, make, { concurrency: 4 })`, for
   * example. Rounds never overlap, so the concurrency of one round is that of the whole. `round` is
   * 0 for the first.
   */
  run: (items: readonly T[], round: number) => O;
  /**
   * Returns the items of the next round, made from the results of this one; none ends the stream.
   * It may take its time.
   */
  next: (results: readonly ObservedValueOf<O>[], round: number) => ObservableInput<T>;
  /** Rounds after the first, at most: an integer of 0 or more, or Infinity. */
  rounds: number;
  /**
   * Stops further rounds when it emits. Give it to the Observable of `run` too, to end a round
   * early. Default: never emits.
   */
  stop?: ObservableInput<unknown>;
}

/**
 * Makes results in rounds: the results of one round choose the items of the next. Emits every
 * result as it comes.
 *
 *     run of [a, b]                  -a-(b|)
 *     next of [a, b]: c                 --(c|)
 *     run of [c]                          -(c|)
 *     refine([a, b], {rounds: 1})    -a-b--(c|)
 *
 * Completes after the last round, when `next` gives no items, and when a round ends after `stop`.
 * Memory holds the results of one round. If `run` or `next` throws or emits an error, the stream
 * emits it. Unsubscribing unsubscribes the Observable of `run` or `next` that is in flight.
 */
export function refine<T, O extends ObservableInput<unknown>>(
  first: readonly T[],
  config: RefineConfig<T, O>,
): Observable<ObservedValueOf<O>> {
  type R = ObservedValueOf<O>;
  expectConfig(config, 'run', 'next', 'rounds');
  const { run, next, rounds, stop = NEVER } = config;
  expectFunction(run, 'run');
  expectFunction(next, 'next');
  expectBound(rounds, 'rounds', 0);
  return defer(() => {
    const shared = shareStop(stop);
    let items = first;
    // A round is an item of its own, pulled when the one before is done.
    function* allRounds() {
      for (let round = 0; round <= rounds && items.length > 0; round += 1) yield round;
    }
    const oneRound = (round: number) => {
      const results: R[] = [];
      const made = defer(() => from(run(items, round)) as Observable<R>);
      const chosen = defer(() => {
        items = [];
        return round === rounds || shared.isStopped ? EMPTY : next(results, round);
      }).pipe(
        toArray(),
        tap((all) => {
          items = all;
        }),
      );
      return concat(made.pipe(tap((result) => results.push(result))), chosen.pipe(ignoreElements()));
    };
    return pullMap(allRounds(), oneRound, { concurrency: 1, stop: shared.stop });
  });
}
