import { Observable, type OperatorFunction } from 'rxjs';
import { expectOption } from './internal/options.ts';

export interface KeepBestConfig<T> {
  /** Returns the score of a value; higher is better. */
  scoreOf: (value: T) => number;
  /** Returns true if two values are so alike that only the better one is kept. Default: never. */
  isSame?: (a: T, b: T) => boolean;
}

/**
 * Emits the best `count` values of a source when it completes, the best first. Of values with equal
 * scores the earlier one counts as better. Memory holds only these.
 *
 *     values        3-9-5-7|
 *     keepBest(2)   -------(97|)
 *
 * With `isSame` memory holds `count` values too, so a value that was pushed out does not come back,
 * even if the one that pushed it out is replaced later.
 */
export function keepBest<T>(count: number, config: KeepBestConfig<T>): OperatorFunction<T, T> {
  const { scoreOf, isSame = () => false } = config;
  expectOption(Number.isInteger(count) && count >= 1, 'count', 'an integer of 1 or more', count);
  return (source) =>
    new Observable<T>((subscriber) => {
      let best: { readonly value: T; readonly score: number }[] = [];
      return source.subscribe({
        next: (value) => {
          const score = scoreOf(value);
          if (best.some((kept) => kept.score >= score && isSame(kept.value, value))) return;
          const others = best.filter((kept) => !isSame(kept.value, value));
          const position = others.findIndex((kept) => kept.score < score);
          best = others
            .toSpliced(position < 0 ? others.length : position, 0, { value, score })
            .slice(0, count);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          for (const { value } of best) subscriber.next(value);
          subscriber.complete();
        },
      });
    });
}
