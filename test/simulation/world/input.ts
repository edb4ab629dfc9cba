import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Job, Plan, PricedRequest } from '../../../src/types.ts';
import { PRICE_MICRO_USD, type RunChoices, type WorldConfig } from './worldConfig.ts';

/** The input of a run: for each job the number of its request. */
export type Input = readonly number[];

export const promptOf = (request: number): string => `request ${request}`;

/** The part of a world that its plans follow from. */
type PlanConfig = Pick<WorldConfig, 'seeds' | 'outputs' | 'cache'> & {
  readonly run: Pick<RunChoices, 'renditions'>;
};

function jobsOf(input: Input, { seeds, run }: PlanConfig): Job[] {
  return input.map((request, index) => ({
    index,
    prompt: promptOf(request),
    model: 'a/m',
    version: null,
    input: { prompt: promptOf(request), ...(seeds ? { seed: request } : {}) },
    tags: {},
    renditions: run.renditions,
  }));
}

/** Returns the plans of an input, with prices for all outputs. */
export function plansOf(input: Input, config: PlanConfig) {
  const priceOf = () => PRICE_MICRO_USD * config.outputs;
  const keys = { reuseUnseeded: config.cache };
  return () => planJobs(jobsOf(input, config), { organize: 'flat', date: '2027-01-15', priceOf, ...keys });
}

export function fallbackOf({ input }: Plan, { outputs }: Pick<WorldConfig, 'outputs'>): PricedRequest {
  return { model: 'b/m', version: null, input, priceMicroUsd: PRICE_MICRO_USD * outputs };
}
