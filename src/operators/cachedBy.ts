import {
  concatMap,
  defaultIfEmpty,
  defer,
  endWith,
  finalize,
  from,
  ignoreElements,
  map,
  type Observable,
  type ObservableInput,
  type OperatorFunction,
  of,
  ReplaySubject,
  share,
} from 'rxjs';
import { flattenAll } from '../base/items/flattenAll.ts';
import { expectConfig, expectFunction } from './internal/options.ts';

export interface CachedByConfig<T, R> {
  /**
   * Returns the key of a value: equal keys mean identical results. Null if the result cannot be
   * shared.
   */
  keyOf: (value: T) => string | null;
  /** Makes a value's result, and emits it once. */
  make: (value: T) => ObservableInput<R>;
  /** Looks up a stored result; emits null, or nothing, if there is none. Default: finds none. */
  find?: (key: string, value: T) => ObservableInput<R | null>;
  /** Stores a new result, which is emitted when this completes. Default: stores nothing. */
  keep?: (key: string, result: R) => ObservableInput<unknown>;
  /**
   * Subscribes to `make` once nothing else makes the same result, in another process say; the store
   * is asked again then. Default: at once.
   */
  alone?: <S>(key: string, value: T, make: Observable<S>) => ObservableInput<S>;
  /**
   * Work in flight. Pass one to all pipes that share results. Default: a new one, for a single
   * pipe.
   */
  flights?: SingleFlight<Cached<R>>;
  /**
   * Values at the same time: an integer of 1 or more; further ones wait in a queue. Default
   * Infinity.
   */
  concurrency?: number;
}

/**
 * A result and its origin: made for this value, kept from an earlier one, or shared with an equal
 * value that was in flight.
 */
export interface Cached<R> {
  readonly result: R;
  readonly origin: 'made' | 'kept' | 'shared';
}

/**
 * Skips work whose result is stored, and runs identical concurrent work once.
 *
 *     values, a twice                           a-a---b|
 *     make, 4 ms each                           ----(r|)
 *     cachedBy                                  ----(rs)--(r|)   r: made, s: shared
 *
 *     value; another process makes it for 3 ms  (a|)
 *     cachedBy, alone after 3 ms                ---(k|)          k: kept, found at the second look
 *
 * Emits results as they come, so a later value's may be first. Emits the errors of `make`, `find`,
 * `keep` and the callbacks. A failure is shared too, but not stored. Unsubscribing unsubscribes
 * work in flight, unless another pipe shares it.
 */
export function cachedBy<T, R>(config: CachedByConfig<T, R>): OperatorFunction<T, Cached<R>> {
  expectConfig(config, 'keyOf', 'make');
  const { keyOf, flights = createSingleFlight(), concurrency = Number.POSITIVE_INFINITY } = config;
  expectFunction(keyOf, 'keyOf');
  expectFunction(config.make, 'make');
  const resultOf = (value: T): Observable<Cached<R>> => {
    const key = keyOf(value);
    if (key === null) return made(value, config);
    return flights
      .join(key, () => foundOrMade(key, value, config))
      .pipe(map(({ result, isShared }): Cached<R> => (isShared ? { ...result, origin: 'shared' } : result)));
  };
  return flattenAll(resultOf, { concurrency, failsFast: true });
}

function foundOrMade<T, R>(key: string, value: T, config: CachedByConfig<T, R>): Observable<Cached<R>> {
  const { find = () => of(null), keep = () => of(null), alone } = config;
  const findOr = (make: Observable<Cached<R>>): Observable<Cached<R>> =>
    defer(() => find(key, value)).pipe(
      defaultIfEmpty(null),
      concatMap((stored) => (stored === null ? make : of({ result: stored, origin: 'kept' as const }))),
    );
  const makeAndStore = defer(() => made(value, config)).pipe(
    concatMap((cached) => from(keep(key, cached.result)).pipe(ignoreElements(), endWith(cached))),
  );
  return findOr(alone === undefined ? makeAndStore : from(alone(key, value, findOr(makeAndStore))));
}

function made<T, R>(value: T, { make }: CachedByConfig<T, R>): Observable<Cached<R>> {
  return from(make(value)).pipe(map((result) => ({ result, origin: 'made' as const })));
}

/** The result of a flight. `isShared` is true if another caller had started it. */
export interface Landed<R> {
  readonly result: R;
  readonly isShared: boolean;
}

/** Work in flight, by key. */
export interface SingleFlight<R> {
  /**
   * Starts the work, or joins the work in flight for the same key. Emits its one result, or its
   * error.
   */
  join(key: string, begin: () => ObservableInput<R>): Observable<Landed<R>>;
}

/**
 * Runs identical work once for all callers that want it at the same time ("single flight"). Create
 * one for all jobs of a run.
 *
 *     work of 4 ms, r               ----(r|)
 *     join(key, work)               ----(r|)      r: begun here
 *     join(key, work) 2 ms later      --(s|)      s: the same result, shared
 *
 * The work continues as long as one caller waits for it, even if the one that started it has left.
 * Once it is over, the next call starts it again.
 */
export function createSingleFlight<R>(): SingleFlight<R> {
  const inFlight = new Map<string, Observable<R>>();
  const start = (key: string, begin: () => ObservableInput<R>): Observable<R> => {
    const flight = defer(begin).pipe(
      finalize(() => inFlight.delete(key)),
      // Stays joinable until `finalize` removes it: a caller that joins while the result is being
      // emitted starts nothing.
      share({ connector: () => new ReplaySubject<R>(1), resetOnComplete: false, resetOnError: false }),
    );
    inFlight.set(key, flight);
    return flight;
  };
  return {
    join: (key, begin) =>
      defer(() => {
        const other = inFlight.get(key);
        const flight = other ?? start(key, begin);
        return flight.pipe(map((result) => ({ result, isShared: other !== undefined })));
      }),
  };
}
