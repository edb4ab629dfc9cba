import { map, type OperatorFunction } from 'rxjs';
import type { Ledger, Reservation } from '../../ports.ts';
import { expectOption } from '../internal/options.ts';

/**
 * A value with the money reserved for it. Skip it if `reservation` is null: the budget has no room
 * for it.
 */
export interface Budgeted<T> {
  readonly value: T;
  readonly reservation: Reservation | null;
}

/**
 * Reserves each value's price before anything is paid for it. Settle the reservation with the final
 * cost, or release it. Reserved and spent money never exceeds the ledger's limit, at any
 * concurrency.
 *
 *     values, 2 each     a-b-c|
 *     limit 4            a-b-c|      c has no reservation
 *
 * `priceOf` returns whole millionths of a US dollar. If it throws, the stream emits that error.
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
  /** Money that earlier runs spent under the same limit. Default 0. */
  spentMicroUsd?: number;
  /** Called once, when reserved and spent money first reaches `warnAt`. Default: no-op. */
  onWarning?: (ledger: Ledger) => void;
  /** Part of the limit, 0…1. Default 0.8. */
  warnAt?: number;
}

/**
 * Creates a ledger that keeps reserved plus spent money at or below a limit. Only a settled cost
 * can exceed it, if a prediction was dearer than its estimate; after that nothing is reserved any
 * more.
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
        // A cost above its reservation counts too.
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
