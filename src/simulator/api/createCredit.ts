import type { Counters } from '../createCounters.ts';

/** The money of the account. */
export interface Credit {
  /** Low credit slows creates down. */
  isLow(): boolean;
  /** Without credit nothing new is made. */
  isGone(): boolean;
}

const LOW_USD = 5;

/** What is left of the credit (in US dollars) after what has been billed. */
export function createCredit(creditUsd: number, counters: Counters): Credit {
  const leftUsd = () => creditUsd - counters.billedMicroUsd / 1_000_000;
  return { isLow: () => leftUsd() < LOW_USD, isGone: () => leftUsd() <= 0 };
}
