import {
  catchError,
  from,
  type Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  throwError,
} from 'rxjs';

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
 * Values that were emitted before an error stay emitted. If `shouldFallBack` or `onFallback`
 * throws, the stream emits that error. Unsubscribing unsubscribes the source whose turn it is.
 */
export function fallbackTo<T, O extends ObservableInput<unknown> = ObservableInput<T>>(
  others: readonly O[],
  config: FallbackToConfig = {},
): OperatorFunction<T, T | ObservedValueOf<O>> {
  type R = ObservedValueOf<O>;
  const { shouldFallBack = () => true, onFallback } = config;
  const rescuedFrom = <V>(level: number): OperatorFunction<V, V | R> =>
    catchError((error: unknown): Observable<R> => {
      const other = others[level];
      if (other === undefined || !shouldFallBack(error)) return throwError(() => error);
      onFallback?.({ error, level: level + 1 });
      return (from(other) as Observable<R>).pipe(rescuedFrom<R>(level + 1));
    });
  return rescuedFrom<T>(0);
}
