import { map, type OperatorFunction } from 'rxjs';
import type { Ledger, Reservation } from '../../ports.ts';
import { expectOption } from '../internal/options.ts';

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

export interface LedgerConfig {
  /** Whole millionths of a US dollar; Infinity sets no limit. */
  limitMicroUsd: number;
  /** Spent by earlier runs under the same limit. Default 0. */
  spentMicroUsd?: number;
  /** Told once, when reserved and spent money first reaches this part of the limit. */
  onWarning?: (ledger: Ledger) => void;
  /** 0…1. Default 0.8. */
  warnAt?: number;
}

/**
 * Keeps reserved plus spent money at or below a limit. Only what is settled can pass it, where a prediction turned out
 * dearer than its estimate; nothing is reserved any more then.
 */
export function createLedger(config: LedgerConfig): Ledger {
  const { limitMicroUsd, spentMicroUsd = 0, onWarning = () => {}, warnAt = 0.8 } = config;
  expectAmount(limitMicroUsd === Number.POSITIVE_INFINITY ? 0 : limitMicroUsd, 'limitMicroUsd');
  expectAmount(spentMicroUsd, 'spentMicroUsd');
  let reserved = 0;
  let spent = spentMicroUsd;
  let warned = false;

  const warn = (ledger: Ledger) => {
    if (warned || reserved + spent < warnAt * limitMicroUsd) return;
    warned = true;
    onWarning(ledger);
  };

  const ledger: Ledger = {
    get reservedMicroUsd() {
      return reserved;
    },
    get spentMicroUsd() {
      return spent;
    },
    reserve(microUsd) {
      expectAmount(microUsd, 'microUsd');
      if (reserved + spent + microUsd > limitMicroUsd) return null;
      reserved += microUsd;
      warn(ledger);
      let open = true;
      const close = (actualMicroUsd: number) => {
        expectAmount(actualMicroUsd, 'actualMicroUsd');
        if (!open) return;
        open = false;
        reserved -= microUsd;
        spent += actualMicroUsd;
        // What turned out dearer than reserved counts too.
        warn(ledger);
      };
      return { microUsd, settle: close, release: () => close(0) };
    },
  };
  return ledger;
}

function expectAmount(microUsd: number, name: string): void {
  expectOption(
    Number.isSafeInteger(microUsd) && microUsd >= 0,
    name,
    'whole millionths of a US dollar, 0 or more',
    microUsd,
  );
}
