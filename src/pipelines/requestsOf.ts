import { isDeepStrictEqual } from 'node:util';
import type { ModelInput, Plan, PredictionRequest, PricedRequest } from '../types.ts';
import { withoutLongData } from '../withoutLongData.ts';
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
  const level = all.findIndex(
    ({ model, version, input: own }) =>
      model === open.model && version === open.version && own.seed === open.input.seed,
  );
  const input = wantedInput(open, plan);
  // A model that is no fallback any more may have been paid all the same.
  if (level < 0) return [{ ...open, input, priceMicroUsd: plan.priceMicroUsd }, ...all];
  const [same, ...others] = all.slice(level);
  if (same !== undefined && isDeepStrictEqual(same.input, input)) return [same, ...others];
  return [{ ...open, input, priceMicroUsd: same?.priceMicroUsd ?? null }, ...others];
}

/**
 * The input of a request that was sent, before its files had addresses and before long data in it was cut. All of these are
 * the plan's own.
 */
function wantedInput({ input: sent }: PredictionRequest, { input: own, files = {} }: Plan): ModelInput {
  const names = new Set(Object.keys(files).map((place) => place.replace(/\[.*/, '')));
  const values = Object.entries(sent).map(([name, value]) => {
    const planned = own[name];
    const isStandIn = names.has(name) || isDeepStrictEqual(withoutLongData(planned ?? null), value);
    return [name, isStandIn && planned !== undefined ? planned : value] as const;
  });
  return Object.fromEntries(values);
}
