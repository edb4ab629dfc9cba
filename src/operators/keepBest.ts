import { concatMap, type OperatorFunction, pipe, reduce } from 'rxjs';
import { expectConfig, expectCount, expectFunction } from './internal/options.ts';

export interface KeepBestConfig<T> {
  /** Returns the score of a value; higher is better, and NaN is the lowest. */
  scoreOf: (value: T) => number;
  /** Returns true if two values are so alike that only the better one is kept. Default: never. */
  isSame?: (a: T, b: T) => boolean;
}

interface Rated<T> {
  readonly value: T;
  readonly score: number;
}

/**
 * Emits the best `count` values of a source when it completes, the best first. Of values with equal
 * scores the earlier one counts as better. Memory holds only these.
 *
 *     values        3-9-5-7|
 *     keepBest(2)   -------(97|)
 *
 * With `isSame` memory holds `count` values too, so a value that was pushed out does not come back,
 * even if the one that pushed it out is replaced later. Emits the error of the source, `scoreOf` or
 * `isSame` instead of values.
 */
export function keepBest<T>(count: number, config: KeepBestConfig<T>): OperatorFunction<T, T> {
  expectCount(count, 'count', 1);
  expectConfig(config, 'scoreOf');
  const { scoreOf, isSame = () => false } = config;
  expectFunction(scoreOf, 'scoreOf');
  const admit = (best: readonly Rated<T>[], value: T): readonly Rated<T>[] => {
    const rated = scoreOf(value);
    const score = Number.isNaN(rated) ? Number.NEGATIVE_INFINITY : rated;
    if (best.some((kept) => kept.score >= score && isSame(kept.value, value))) return best;
    const others = best.filter((kept) => !isSame(kept.value, value));
    const position = others.findIndex((kept) => kept.score < score);
    return others.toSpliced(position < 0 ? others.length : position, 0, { value, score }).slice(0, count);
  };
  return pipe(
    reduce(admit, [] as readonly Rated<T>[]),
    concatMap((best) => best.map(({ value }) => value)),
  );
}
