import {
  catchError,
  defer,
  from,
  identity,
  last,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { flattenAll } from '../../base/items/flattenAll.ts';
import { ScoreError } from '../../errors.ts';
import type { Scorer } from '../../ports.ts';
import type { ImageToScore } from '../../types.ts';
import { expectConfig, expectFunction } from '../internal/options.ts';

/** A value and the score of its image. */
export interface Scored<T> {
  readonly value: T;
  /** Higher is better. */
  readonly score: number;
}

export interface ScoreImageConfig<T> {
  /** Returns the image of a value. */
  imageOf: (value: T) => ImageToScore;
  /** Wraps each rating: in a gate shared by all, for example. Default: none. */
  within?: MonoTypeOperatorFunction<number>;
  /**
   * Returns the score of a value that could not be rated; if it throws, the stream emits that
   * error. Default: the stream emits the error of the rating.
   */
  onError?: (error: unknown, value: T) => number;
  /** Ratings at a time: an integer of 1 or more, or Infinity. Default 16. */
  concurrency?: number;
}

/**
 * Rates the image of each value and emits both, as ratings come. If a scorer emits several numbers,
 * the last one counts.
 *
 *     values                 a-b|
 *     rating of a, 4 ms      ----(x|)
 *     rating of b, 1 ms        -(y|)
 *     scoreImage(scorer)     ---Y(X|)    Y is { value: b, score: y }
 *
 * Rates `concurrency` values at a time; others wait. Emits `ScoreError` if a scorer gives no finite
 * number, and every error of a scorer, once the ratings in work have ended; `onError` keeps the
 * others going. Unsubscribing drops the ratings in work.
 */
export function scoreImage<T>(scorer: Scorer, config: ScoreImageConfig<T>): OperatorFunction<T, Scored<T>> {
  expectFunction(scorer, 'scorer');
  expectConfig(config, 'imageOf');
  const { imageOf, within = identity, onError, concurrency = 16 } = config;
  expectFunction(imageOf, 'imageOf');
  const rated = (value: T): Observable<Scored<T>> => {
    const image = imageOf(value);
    return rating(scorer, image).pipe(
      within,
      map((score) => checked(score, image)),
      catchError((error: unknown) =>
        onError === undefined ? throwError(() => error) : of(onError(error, value)),
      ),
      map((score) => ({ value, score })),
    );
  };
  return flattenAll(rated, { concurrency });
}

function rating(scorer: Scorer, image: ImageToScore): Observable<number> {
  return defer(() => {
    const given = scorer(image);
    return typeof given === 'number' ? of(given) : from(given);
  }).pipe(last(null, Number.NaN));
}

function checked(score: number, { index }: ImageToScore): number {
  if (Number.isFinite(score)) return score;
  throw new ScoreError(`Expected a scorer to give a number for image #${index + 1}, got ${score}`, {
    suggestion: 'Let the scorer emit one finite number for each image.',
  });
}
