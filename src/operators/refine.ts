import {
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  NEVER,
  Observable,
  type ObservableInput,
  tap,
  toArray,
} from 'rxjs';
import { expectOption } from './internal/options.ts';

export interface RefineConfig<T, R> {
  /**
   * Makes the results of one round: `(items) => pullMap(items, make, { concurrency: 4 })`, for
   * example. Rounds never overlap, so the concurrency of one round is that of the whole. `round` is
   * 0 for the first.
   */
  run: (items: readonly T[], round: number) => ObservableInput<R>;
  /**
   * Returns the items of the next round, made from the results of this one; none ends the stream.
   * It may take its time.
   */
  next: (results: readonly R[], round: number) => ObservableInput<T>;
  /** Rounds after the first, at most: an integer of 0 or more. */
  rounds: number;
  /**
   * Stops further rounds when it emits. Give it to the Observable of `run` too, to end a round
   * early. Default: never emits.
   */
  stop?: Observable<unknown>;
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
 * emits it.
 */
export function refine<T, R>(first: readonly T[], config: RefineConfig<T, R>): Observable<R> {
  const { run, next, rounds, stop = NEVER } = config;
  expectOption(Number.isInteger(rounds) && rounds >= 0, 'rounds', 'an integer of 0 or more', rounds);
  return new Observable<R>((subscriber) => {
    let isStopped = false;
    const begin = (items: readonly T[], round: number): Observable<R> => {
      if (items.length === 0 || isStopped) return EMPTY;
      const results: R[] = [];
      const made = defer(() => run(items, round)).pipe(tap((result) => results.push(result)));
      return concat(
        made,
        defer(() => (round === rounds || isStopped ? EMPTY : feedBack(results, round))),
      );
    };
    const feedBack = (results: readonly R[], round: number): Observable<R> =>
      from(next(results, round)).pipe(
        toArray(),
        concatMap((items) => begin(items, round + 1)),
      );
    subscriber.add(
      stop.subscribe({
        next: () => {
          isStopped = true;
        },
        error: (error: unknown) => subscriber.error(error),
      }),
    );
    subscriber.add(begin(first, 0).subscribe(subscriber));
  });
}
