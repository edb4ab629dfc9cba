import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  type SchedulerLike,
  tap,
  timer,
} from 'rxjs';
import { messageOf, withoutStop } from '../../base/text.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Database } from '../database/connection.ts';
import { toDatabaseError } from '../database/databaseErrors.ts';
import { WORKERS_HEARD } from '../engine/engine.ts';

/** The workers of a fleet that are alive, as of the last look. */
export interface Crew {
  /** Returns their number, 1 at least. */
  count(): number;
  /** Looks again and again while it is subscribed to; never emits. */
  readonly looks: Observable<never>;
}

const EVERY_MS = 15_000;
const COUNT = `SELECT count(*)::integer AS count FROM (${WORKERS_HEARD}) heard WHERE live`;

/** Counts the workers that share an account, so that together they do not ask it too often. */
export function countCrew({ query }: Pick<Database, 'query'>, scheduler: SchedulerLike): Crew {
  let count = 1;
  return {
    count: () => count,
    looks: timer(0, EVERY_MS, scheduler).pipe(
      concatMap(() =>
        defer(() => query(COUNT)).pipe(
          tap(([row]) => {
            count = Math.max(1, Number(row?.count ?? 1));
          }),
          // The last number is good enough.
          catchError(() => EMPTY),
        ),
      ),
      ignoreElements(),
    ),
  };
}

/**
 * Creates an operator that lets a worker without its database wait: an error becomes null, with one
 * warning when that begins, and one when it is over.
 *
 *     take        a    #    #    b
 *     reach       a    n    n    b     n: null
 *     warnings         w         w
 */
export function createReach<T>(emit: EmitEvent): MonoTypeOperatorFunction<T | null> {
  let isAway = false;
  const warn = (message: string) => emit({ type: 'warning', message });
  return (source) =>
    source.pipe(
      tap(() => {
        if (isAway) warn('The database gives out work again.');
        isAway = false;
      }),
      catchError((error: unknown) => {
        const reason = withoutStop(messageOf(toDatabaseError(error)));
        if (!isAway) warn(`${reason}. Jobs in flight continue, and this worker asks again.`);
        isAway = true;
        return of(null);
      }),
    );
}
