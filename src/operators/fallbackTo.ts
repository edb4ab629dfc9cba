import { catchError, from, type MonoTypeOperatorFunction, type ObservableInput, throwError } from 'rxjs';

export interface FallbackToConfig {
  /** Returns true if another source may do better after this error. Default: after every error. */
  shouldFallBack?: (error: unknown) => boolean;
  /** Called before each switch; `level` is 1 for the first of the other sources. Default: no-op. */
  onFallback?: (fallback: { error: unknown; level: number }) => void;
}

/**
 * Switches to the next source if one fails; emits the error of the last one.
 *
 *     source                      -#
 *     small                       --#
 *     tiny                        -(t|)
 *     fallbackTo([small, tiny])   ----(t|)
 *
 * Each source is subscribed when its turn comes, so wrap one that costs money in `defer(() => …)`.
 * If `shouldFallBack` or `onFallback` throws, the stream emits that error.
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
