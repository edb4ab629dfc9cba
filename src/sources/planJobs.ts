import type { Job, ModelInput, Plan } from '../types.ts';
import { createCaptions } from './createCaptions.ts';
import { createUniquePaths } from './createUniquePaths.ts';
import { type PathTemplateConfig, pathTemplate } from './pathTemplate.ts';
import { requestKey } from './requestKey.ts';
import { type ResultKeysConfig, resultKeys } from './resultKeys.ts';

export interface PlanJobsConfig extends PathTemplateConfig, ResultKeysConfig {
  /** `flat`, `date`, `prompt`, `model` or a template; see `pathTemplate`. */
  organize: string;
  /** Expected price of one prediction in millionths of a US dollar, null where none is known. */
  priceOf: (model: string, input: ModelInput) => number | null;
}

/**
 * Gives each job its identity, its price, its place on disk and the words of its captions, one at a time as they are asked for.
 * The same jobs in the same order have the same plans, whenever they are made (with the same `date`).
 *
 * Throws `UsageError` at call time where the template cannot be used, and with the first job where a caption cannot.
 */
export function planJobs(
  jobs: AsyncIterable<Job> | Iterable<Job>,
  config: PlanJobsConfig,
): AsyncGenerator<Plan, void, void> {
  const pathOf = pathTemplate(config.organize, config);
  return plans(jobs, pathOf, config);
}

async function* plans(
  jobs: AsyncIterable<Job> | Iterable<Job>,
  pathOf: (job: Job) => string,
  config: PlanJobsConfig,
): AsyncGenerator<Plan, void, void> {
  const unique = createUniquePaths();
  const resultKeyOf = resultKeys(config);
  const captioned = createCaptions(config);
  for await (const job of jobs) {
    const key = requestKey(job);
    const resultKey = resultKeyOf(key, job.input);
    yield {
      ...job,
      renditions: captioned(job),
      key,
      ...(resultKey === undefined ? {} : { resultKey }),
      priceMicroUsd: config.priceOf(job.model, job.input),
      path: unique(pathOf(job)),
    };
  }
}
