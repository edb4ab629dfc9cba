import { map, type OperatorFunction } from 'rxjs';
import type { Ledger, Reservation } from '../ports.ts';

/** A value with the money held for it; null where the budget has no room for it: skip it. */
export interface Budgeted<T> {
  readonly value: T;
  readonly reservation: Reservation | null;
}

/**
 * Reserves each value's price before anything is paid for it. Settle the reservation with what it cost in the end, or
 * release it. What is reserved and spent never exceeds the ledger's limit, whatever the concurrency.
 *
 *     values, 2 each     a-b-c|
 *     limit 4            a-b-c|      c has no reservation
 *
 * `priceOf` gives whole millionths of a US dollar. What it throws is emitted as an error.
 */
export function budgetTake<T>(
  ledger: Ledger,
  priceOf: (value: T) => number,
): OperatorFunction<T, Budgeted<T>> {
  return map((value) => ({ value, reservation: ledger.reserve(priceOf(value)) }));
}
