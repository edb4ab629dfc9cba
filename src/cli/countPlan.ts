import type { Plan } from '../types.ts';

/** The sums of a plan, over what is still to be made. */
export interface PlanTotals {
  readonly jobs: number;
  /** Jobs that need no more work. */
  readonly alreadySaved: number;
  /** Jobs of each model, the first met first. */
  readonly models: Readonly<Record<string, number>>;
  /** Of the jobs whose price is known. */
  readonly costMicroUsd: number;
  /** Likewise, by model. */
  readonly costMicroUsdOf: Readonly<Record<string, number>>;
  readonly unpricedJobs: number;
  readonly unpricedModels: readonly string[];
}

/** Adds one job to the sums. */
export function countPlan(totals: PlanTotals, { model, priceMicroUsd }: Plan): PlanTotals {
  const { jobs, models, costMicroUsd, costMicroUsdOf, unpricedJobs, unpricedModels } = totals;
  const isNew = priceMicroUsd === null && !unpricedModels.includes(model);
  return {
    ...totals,
    jobs: jobs + 1,
    models: { ...models, [model]: (models[model] ?? 0) + 1 },
    costMicroUsd: costMicroUsd + (priceMicroUsd ?? 0),
    costMicroUsdOf: { ...costMicroUsdOf, [model]: (costMicroUsdOf[model] ?? 0) + (priceMicroUsd ?? 0) },
    unpricedJobs: unpricedJobs + (priceMicroUsd === null ? 1 : 0),
    unpricedModels: isNew ? [...unpricedModels, model] : unpricedModels,
  };
}
