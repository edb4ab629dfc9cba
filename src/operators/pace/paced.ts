import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import { inTurn } from '../../base/items/flattenAll.ts';
import type { Governor } from '../../ports.ts';
import { expectMethods } from '../internal/options.ts';

/**
 * Delays each value until a governor lets it pass; keeps the order. Share the governor between
 * pipes to hold all of them to one pace: `gate` bounds how many are in flight, `paced` how often
 * one begins.
 *
 *     source                                       (ab|)
 *     paced(governor), {perMinute: 12_000}         a----(b|)          one in 5 ms
 *     and another pipe, with the same governor     ----------c----(d|)
 *
 * Values wait in a queue; the end of the source, or its error, comes after them. The error of a
 * governor that gives up ends the stream. Unsubscribing drops the queue and steps out of the
 * governor's line. How calls end is not reported to the governor: if a service refuses calls, and
 * the pace is to follow, ask for a ticket by `governor.admit()`.
 */
export function paced<T>(governor: Governor): MonoTypeOperatorFunction<T> {
  expectMethods(governor, 'governor', 'a governor, as createGovernor makes', 'admit');
  return inTurn(() => governor.admit().pipe(tap((ticket) => ticket.over?.())));
}
