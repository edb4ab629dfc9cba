import type { BatchSpec } from '../sources/BatchSpec.ts';
import type { Flags } from './Flags.ts';
import type { OpenService } from './openService.ts';
import { type SettledFlags, withDefaults } from './withDefaults.ts';

/** Fills what the command line left open from a spec, and the rest from the defaults. */
export function withSpec(
  flags: Flags,
  { budgetUsd, priceUsd, count, seed, organize }: BatchSpec,
  { speed }: OpenService,
): SettledFlags {
  return withDefaults(
    {
      ...flags,
      budgetMicroUsd: flags.budgetMicroUsd ?? microUsd(budgetUsd),
      priceMicroUsd: flags.priceMicroUsd ?? microUsd(priceUsd),
    },
    { seed, count, organize, ratePerMinute: 600 * speed },
  );
}

function microUsd(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * 1_000_000);
}
