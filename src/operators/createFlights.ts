import { defer, finalize, map, type Observable, ReplaySubject, share } from 'rxjs';

/** What came of a flight, and whether somebody else had begun it. */
export interface Landed<R> {
  readonly result: R;
  readonly isShared: boolean;
}

/** Work that is under way, by key. */
export interface Flights<R> {
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
export function createFlights<R>(): Flights<R> {
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
