import {
  concatMap,
  defaultIfEmpty,
  endWith,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
} from 'rxjs';
import { createFlights, type Flights } from './createFlights.ts';

export interface CachedByConfig<T, R> {
  /** Values with equal keys have equal results; null: this value's result is like no other's. */
  keyOf: (value: T) => string | null;
  /** Makes a value's result: emits it once. */
  make: (value: T) => Observable<R>;
  /** Finds a result that was kept; emits null, or nothing, where there is none. Default: there is none. */
  find?: (key: string, value: T) => Observable<R | null>;
  /** Keeps a result that was made; it is passed on when this completes. Default: nothing is kept. */
  keep?: (key: string, result: R) => Observable<unknown>;
  /** What is being made at present; one for all pipes that share results. Default: a new one, for a single pipe. */
  flights?: Flights<Cached<R>>;
}

/** A result and where it is from: made for this value, kept from before, or made for an equal value meanwhile. */
export interface Cached<R> {
  readonly result: R;
  readonly origin: 'made' | 'kept' | 'shared';
}

/**
 * Makes each value's result only where it cannot be had otherwise: from what was kept, or from an equal value whose
 * result is being made at the same time.
 *
 *     values, a twice                           a-a---b|
 *     make, 4 ms each                           ----(r|)
 *     cachedBy                                  ----(rs)--(r|)   r: made, s: shared
 *
 * Errors are those of `make`, `find` and `keep`; a failure is shared too, and is not kept.
 */
export function cachedBy<T, R>(config: CachedByConfig<T, R>): OperatorFunction<T, Cached<R>> {
  const { keyOf, flights = createFlights() } = config;
  return mergeMap((value) => {
    const key = keyOf(value);
    if (key === null) return made(value, config);
    return flights
      .join(key, () => foundOrMade(key, value, config))
      .pipe(map(({ result, isShared }): Cached<R> => (isShared ? { ...result, origin: 'shared' } : result)));
  });
}

function foundOrMade<T, R>(key: string, value: T, config: CachedByConfig<T, R>): Observable<Cached<R>> {
  const { find = () => of(null), keep = () => of(null) } = config;
  const makeAndKeep = () =>
    made(value, config).pipe(
      concatMap((cached) => keep(key, cached.result).pipe(ignoreElements(), endWith(cached))),
    );
  return find(key, value).pipe(
    defaultIfEmpty(null),
    concatMap((kept) => (kept === null ? makeAndKeep() : of({ result: kept, origin: 'kept' as const }))),
  );
}

function made<T, R>(value: T, { make }: CachedByConfig<T, R>): Observable<Cached<R>> {
  return make(value).pipe(map((result) => ({ result, origin: 'made' as const })));
}
