import { hash } from 'node:crypto';
import { createOccurrences } from '../../base/items/occurrences.ts';
import { mapInputStrings } from '../../base/modelInput.ts';
import { nearestName } from '../../base/suggest.ts';
import { shown } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { estimateMicroUsd } from '../../providers/prices/cost.ts';
import type { Job, ModelInput, Plan } from '../../types.ts';
import { createUniquePaths } from './fileNames.ts';
import { createCaptions } from './jobTemplate.ts';
import { type PathTemplateConfig, pathTemplate } from './pathTemplate.ts';
import { requestKey } from './requestKey.ts';

export interface PlanJobsConfig extends PathTemplateConfig, ResultKeysConfig {
  /** `flat`, `date`, `prompt`, `model` or a template; see `pathTemplate`. Default `flat`. */
  organize?: string;
  /**
   * Expected price of one prediction in millionths of a US dollar, null if unknown. Default: that
   * of the built-in table.
   */
  priceOf?: (model: string, input: ModelInput) => number | null;
}

/**
 * A job with as much as you know of it. Default: its position as `index`, the `prompt` of its
 * input, the model's newest `version`, no tags and no renditions.
 */
export type JobDraft = Pick<Job, 'model' | 'input'> & Partial<Omit<Job, 'model' | 'input'>>;

/**
 * Adds to each job its identity, its price, its path on disk and the text of its captions, lazily,
 * one job at a time. The same jobs in the same order always have the same plans (with the same
 * `date`).
 *
 *     const jobs = prompts.map((prompt) => ({ model, input: { prompt } }));
 *     runToFolder(() => planJobs(jobs), { folder, provider });
 *
 * Throws `UsageError` at call time if the path template is invalid, at the first job if a caption
 * is, and at a job whose `files` have a path that its input does not have.
 */
export function planJobs(
  jobs: AsyncIterable<JobDraft> | Iterable<JobDraft>,
  config: PlanJobsConfig = {},
): AsyncGenerator<Plan, void, void> {
  const pathOf = pathTemplate(config.organize ?? 'flat', config);
  return plans(jobs, pathOf, config);
}

async function* plans(
  jobs: AsyncIterable<JobDraft> | Iterable<JobDraft>,
  pathOf: (job: Job) => string,
  config: PlanJobsConfig,
): AsyncGenerator<Plan, void, void> {
  const { priceOf = estimateMicroUsd } = config;
  const unique = createUniquePaths();
  const resultKeyOf = resultKeys(config);
  const captioned = createCaptions(config);
  let position = 0;
  for await (const draft of jobs) {
    const job = completed(draft, position);
    position += 1;
    checkFiles(job, position);
    const key = requestKey(job);
    const resultKey = resultKeyOf(key, job.input);
    yield {
      ...job,
      renditions: captioned(job),
      key,
      ...(resultKey === undefined ? {} : { resultKey }),
      priceMicroUsd: priceOf(job.model, job.input),
      path: unique(pathOf(job)),
    };
  }
}

function completed(draft: JobDraft, index: number): Job {
  const { prompt } = draft.input;
  const defaults = { prompt: typeof prompt === 'string' ? prompt : '', version: null };
  return { index, ...defaults, tags: {}, renditions: [], ...draft };
}

/** Throws `UsageError` for the first file that no request would send. */
function checkFiles({ files = {}, input }: Job, position: number): void {
  const paths = new Set<string>();
  mapInputStrings(input, (path, text) => {
    paths.add(path);
    return text;
  });
  for (const [path, file] of Object.entries(files)) {
    const where = `\`files\` of job ${position}`;
    if (!paths.has(path)) {
      const meant = nearestName(path, paths);
      throw new UsageError(
        `Expected the paths in ${where} to be texts of its input, which has no \`${path}\``,
        {
          suggestion:
            meant === null
              ? `Put a text into the input for each file, such as its name: the file replaces it.`
              : `Did you mean \`${meant}\`?`,
        },
      );
    }
    if (!isInputFile(file)) {
      throw new UsageError(`Expected \`${path}\` in ${where} to be an input file, got ${shown(file)}`, {
        suggestion: '`await inputFile(path)` reads one.',
      });
    }
  }
}

function isInputFile(file: unknown): boolean {
  return typeof file === 'object' && file !== null && 'source' in file && 'sha256' in file;
}

export interface ResultKeysConfig {
  /**
   * Reuses results without a seed too: the n-th of several identical requests gets the earlier
   * result of the n-th one. Default: false, as each of them is meant to differ.
   */
  reuseUnseeded?: boolean;
}

/**
 * Creates a function that returns the key under which other jobs, and other runs, can reuse a job's
 * result: equal keys have equal results. It returns undefined for a request without a seed, as the
 * model makes another image each time. Call it for all jobs of a run, in order.
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

/** Returns true if a request has a seed. Some models read a negative seed as none. */
function hasSeed({ seed }: ModelInput): boolean {
  return typeof seed === 'number' && Number.isInteger(seed) && seed >= 0;
}
