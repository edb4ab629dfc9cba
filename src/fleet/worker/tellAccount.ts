import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { CreateLimits } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import { createCall, type PartCallsConfig } from '../database/partCalls.ts';

/** More room than this needs no report: an account's burst is seldom larger. */
const ROOM = 100;
/** Wait after a refusal that names none. */
const UNNAMED_WAIT_MS = 5_000;
/** A slip of the service must not stop the account for a day. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Wraps the provider of a worker, so that the account learns the service's responses to its create
 * requests: how much room it has left, and that it refuses all for a time (429). A refusal is
 * emitted once all machines know of it, so that the next try waits with them.
 *
 *     accepted, 3 left   ---(p|)       told: 3 left
 *     429, 5 s           ---     -#    told: closed for 5 s, then the error
 */
export function tellAccount(
  provider: Provider,
  { query }: Pick<Database, 'query'>,
  config: PartCallsConfig = {},
): Provider {
  const { scheduler = monotonicScheduler } = config;
  const call = createCall(query, config);
  // Times are the database's: the request was granted so many ms before the database gets the
  // report.
  const tell = (ageMs: number, remaining: number | null, waitMs: number | null): Observable<never> =>
    call('SELECT rx_v1.told(extract(epoch FROM clock_timestamp()) * 1000 - $1, $2, $3)', [
      Math.round(ageMs),
      remaining,
      waitMs,
    ]).pipe(
      // A hint: the service refuses again if it is lost.
      catchError(() => EMPTY),
      ignoreElements(),
    );
  return {
    ...provider,
    createPrediction: (request, options) =>
      defer(() => {
        const sentAtMs = scheduler.now();
        let limits: CreateLimits | null = null;
        const onLimits = (named: CreateLimits) => {
          limits = named;
          options.onLimits?.(named);
        };
        const age = () => scheduler.now() - sentAtMs;
        const tellRoom = () => {
          const remaining = (limits as CreateLimits | null)?.remaining ?? ROOM;
          return remaining < ROOM ? tell(age(), remaining, null) : EMPTY;
        };
        return provider.createPrediction(request, { ...options, onLimits }).pipe(
          concatMap((prediction) => concat(of(prediction), defer(tellRoom))),
          catchError((error: unknown) => {
            if (!(error instanceof ProviderError) || error.status !== 429) return throwError(() => error);
            const waitMs = Math.min(LONGEST_WAIT_MS, error.retryAfterMs ?? UNNAMED_WAIT_MS);
            return concat(
              tell(age(), null, waitMs),
              throwError(() => error),
            );
          }),
        );
      }),
  };
}
