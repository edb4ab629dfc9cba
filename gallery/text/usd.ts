import { formatUsd } from '../../src/base/text.ts';

/** Dollars as people read them. */
export function usd(dollars: number): string {
  return formatUsd(Math.round(dollars * 1_000_000));
}
