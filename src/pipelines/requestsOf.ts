import type { PricedRequest } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

/**
 * What a job sends, in order: its plan, then its fallbacks. Where an earlier run was stopped in the middle of a fallback
 * the job goes on from there.
 */
export function requestsOf({ plan, left }: JobAccount, run: Run): readonly PricedRequest[] {
  const all = [plan, ...run.fallbacksOf(plan)];
  const open = left?.request ?? null;
  if (open === null) return all;
  const level = all.findIndex(({ model, version }) => model === open.model && version === open.version);
  // A model that is no fallback any more may have been paid all the same.
  if (level < 0) return [{ ...open, priceMicroUsd: plan.priceMicroUsd }, ...all];
  return [{ ...open, priceMicroUsd: all[level]?.priceMicroUsd ?? null }, ...all.slice(level + 1)];
}
