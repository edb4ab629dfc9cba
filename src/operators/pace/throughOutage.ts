import { concatMap, defer, type Observable, type ObservableInput, of, retry, tap } from 'rxjs';
import { expectFunction, expectMethods } from '../internal/options.ts';
import type { Outage } from './outage.ts';

/**
 * Makes a call when the other side responds, and again if it fails in an outage, however often.
 *
 *     outage                                      -----------|
 *     call, made before it                        --x
 *     throughOutage(outage, () => call, isAway)   --.........--(a|)
 *
 * Emits every other error, and all errors outside of outages. `isAway` returns true for an error
 * without a response, false for one that is a response, null if that is unknown.
 */
export function throughOutage<T>(
  outage: Outage,
  call: () => ObservableInput<T>,
  isAway: (error: unknown) => boolean | null,
): Observable<T> {
  expectMethods(outage, 'outage', 'an outage', 'admit', 'failed', 'responded');
  expectFunction(call, 'call');
  expectFunction(isAway, 'isAway');
  const report = (error: unknown, madeAtMs: number): void => {
    const isFailure = isAway(error);
    if (isFailure === true) outage.failed(error);
    if (isFailure === false) outage.responded(madeAtMs);
  };
  return outage.admit().pipe(
    concatMap((madeAtMs) =>
      defer(call).pipe(
        tap({ next: () => outage.responded(madeAtMs), error: (error: unknown) => report(error, madeAtMs) }),
      ),
    ),
    retry({
      delay: (error: unknown) => {
        if (outage.isAway && isAway(error) === true) return of(null);
        throw error;
      },
    }),
  );
}
