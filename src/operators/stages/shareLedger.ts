import type { Ledger, Reservation } from '../../ports.ts';

/**
 * Makes one ledger of a run's own and of one that it shares with other runs: money is reserved only
 * if both have room for it; an unknown price (null) fits only if neither has a limit. Its sums are
 * those of the run itself.
 */
export function shareLedger(own: Ledger, shared: Ledger): Ledger {
  let isOwnFull = false;
  const both = (first: Reservation | null, takeSecond: () => Reservation | null): Reservation | null => {
    isOwnFull = first === null;
    if (first === null) return null;
    const second = takeSecond();
    if (second === null) first.release();
    return second === null ? null : joined(first, second);
  };
  return {
    get reservedMicroUsd() {
      return own.reservedMicroUsd;
    },
    get spentMicroUsd() {
      return own.spentMicroUsd;
    },
    reserve: (priceMicroUsd) => both(own.reserve(priceMicroUsd), () => shared.reserve(priceMicroUsd)),
    resume: (microUsd) => both(resumeIn(own, microUsd), () => resumeIn(shared, microUsd)),
    refusedBy: () => (isOwnFull ? own : shared).refusedBy?.() ?? null,
  };
}

/** Reserves money for an attempt that an earlier run began. */
export function resumeIn(ledger: Ledger, microUsd: number): Reservation | null {
  return ledger.resume === undefined ? ledger.reserve(microUsd) : ledger.resume(microUsd);
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
