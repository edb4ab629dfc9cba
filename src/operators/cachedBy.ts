import {
  concatMap,
  defaultIfEmpty,
  defer,
  endWith,
  finalize,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  ReplaySubject,
  share,
} from 'rxjs';

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
  flights?: SingleFlight<Cached<R>>;
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
  const { keyOf, flights = createSingleFlight() } = config;
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

/** What came of a flight, and whether somebody else had begun it. */
export interface Landed<R> {
  readonly result: R;
  readonly isShared: boolean;
}

/** Work that is under way, by key. */
export interface SingleFlight<R> {
  /** Begins the work, or joins the one that is under way for the same key. Emits its one result, or its error. */
  join(key: string, begin: () => Observable<R>): Observable<Landed<R>>;
}

/**
 * Lets equal work be done once for all who want it at the same time ("single flight"). One for all jobs of a run.
 *
 *     work of 4 ms, r               ----(r|)
 *     join(key, work)               ----(r|)      r: begun here
 *     join(key, work) 2 ms later      --(s|)      s: the same result, shared
 *
 * It goes on as long as anybody waits for it: who began it may leave. Once it is over, the next one begins anew.
 */
export function createSingleFlight<R>(): SingleFlight<R> {
  const underWay = new Map<string, Observable<R>>();
  const begun = (key: string, begin: () => Observable<R>): Observable<R> => {
    const flight = defer(begin).pipe(
      finalize(() => underWay.delete(key)),
      // Kept until it is taken out above, so that who joins while the result is being told begins nothing.
      share({ connector: () => new ReplaySubject<R>(1), resetOnComplete: false, resetOnError: false }),
    );
    underWay.set(key, flight);
    return flight;
  };
  return {
    join: (key, begin) =>
      defer(() => {
        const other = underWay.get(key);
        const flight = other ?? begun(key, begin);
        return flight.pipe(map((result) => ({ result, isShared: other !== undefined })));
      }),
  };
}
