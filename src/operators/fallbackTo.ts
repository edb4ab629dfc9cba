import { catchError, from, type MonoTypeOperatorFunction, type ObservableInput, throwError } from 'rxjs';

export interface FallbackToConfig {
  /** Whether another source may do better after this error. Default: after any. */
  shouldFallBack?: (error: unknown) => boolean;
  /** Told before each change; `level` is 1 for the first of the other sources. */
  onFallback?: (fallback: { error: unknown; level: number }) => void;
}

/**
 * Goes on with the next source where one fails; passes the last error on.
 *
 *     source                      -#
 *     small                       --#
 *     tiny                        -(t|)
 *     fallbackTo([small, tiny])   ----(t|)
 *
 * A source is subscribed when its turn comes, so give those that cost something as `defer(() => …)`. What `shouldFallBack`
 * or `onFallback` throws becomes the stream's error.
 */
export function fallbackTo<T>(
  others: readonly ObservableInput<T>[],
  config: FallbackToConfig = {},
): MonoTypeOperatorFunction<T> {
  const { shouldFallBack = () => true, onFallback } = config;
  const rescuedFrom = (level: number): MonoTypeOperatorFunction<T> =>
    catchError((error: unknown) => {
      const other = others[level];
      if (other === undefined || !shouldFallBack(error)) return throwError(() => error);
      onFallback?.({ error, level: level + 1 });
      return from(other).pipe(rescuedFrom(level + 1));
    });
  return rescuedFrom(0);
}
