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
   * Makes one round of results: `(items) => pullMap(items, make, { concurrency: 4 })`, say. Rounds never overlap, so no more is
   * in flight than one round lets be. `round` is 0 for the first.
   */
  run: (items: readonly T[], round: number) => ObservableInput<R>;
  /** The items of the next round, from the results of this one; none ends it. It may take its time. */
  next: (results: readonly R[], round: number) => ObservableInput<T>;
  /** How often results are fed back at most: an integer of 0 or more. */
  rounds: number;
  /** When it emits, no further round begins; give it to what `run` makes too. Default: never. */
  stop?: Observable<unknown>;
}

/**
 * Makes results in rounds: what one round gave chooses what the next one makes. Emits every result as it comes.
 *
 *     run of [a, b]                  -a-(b|)
 *     next of [a, b]: c                 --(c|)
 *     run of [c]                          -(c|)
 *     refine([a, b], {rounds: 1})    -a-b--(c|)
 *
 * Ends when a round is the last one, when `next` gives nothing, and when a round is over after `stop`. Holds the results of one
 * round. What `run` or `next` throws or emits as an error is the stream's error.
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
