import { hash } from 'node:crypto';
import type { Job, ModelInput, Plan } from '../../types.ts';
import { createUniquePaths } from './fileNames.ts';
import { createCaptions } from './jobTemplate.ts';
import { type PathTemplateConfig, pathTemplate } from './pathTemplate.ts';
import { createOccurrences, requestKey } from './requestKey.ts';

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

interface ResultKeysConfig {
  /**
   * Whether a result without a seed may be used again too: the n-th of several equal requests gets what the n-th one got
   * before. Default false, because each of them is meant to differ.
   */
  reuseUnseeded?: boolean;
}

/**
 * Tells which jobs have results that others, or other runs, can use: those with equal keys have equal results. Undefined
 * for a request without a seed, since the model answers it anew each time. To be asked for all jobs of a run, in order.
 */
export function resultKeys(
  config: ResultKeysConfig = {},
): (key: string, input: ModelInput) => string | undefined {
  const { reuseUnseeded = false } = config;
  const occurrences = createOccurrences();
  return (key, input) => {
    if (hasSeed(input)) return key;
    return reuseUnseeded ? hash('sha256', `${key} ${occurrences.count(key)}`, 'hex') : undefined;
  };
}

/** Some models take a negative seed for none. */
function hasSeed({ seed }: ModelInput): boolean {
  return typeof seed === 'number' && Number.isInteger(seed) && seed >= 0;
}
