import { formatUsd } from '../../src/base/text.ts';

/** Formats an amount in dollars. */
export function usd(dollars: number): string {
  return formatUsd(Math.round(dollars * 1_000_000));
}
