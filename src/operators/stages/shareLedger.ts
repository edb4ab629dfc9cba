import type { Ledger, Reservation } from '../../ports.ts';

/**
 * Makes one ledger of a run's own and of one that it shares with other runs: money is reserved only
 * if both have room for it; an unknown price (null) fits only if neither has a limit. It tells what
 * the run itself has reserved and spent.
 */
export function shareLedger(own: Ledger, shared: Ledger): Ledger {
  return {
    get reservedMicroUsd() {
      return own.reservedMicroUsd;
    },
    get spentMicroUsd() {
      return own.spentMicroUsd;
    },
    reserve(priceMicroUsd) {
      const first = own.reserve(priceMicroUsd);
      if (first === null) return null;
      const second = shared.reserve(priceMicroUsd);
      if (second === null) first.release();
      return second === null ? null : joined(first, second);
    },
  };
}

function joined(first: Reservation, second: Reservation): Reservation {
  return {
    microUsd: first.microUsd,
    settle(actualMicroUsd) {
      first.settle(actualMicroUsd);
      second.settle(actualMicroUsd);
    },
    release() {
      first.release();
      second.release();
    },
  };
}
