import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { jobsFromRows, validateRows } from '../../sources/promptFiles/promptJobs.ts';
import { describeMisspelled } from '../../sources/promptFiles/rowFields.ts';
import type { PlannedRun } from './imagesRun.ts';
import type { ImagesOptions } from './options.ts';
import { findModel, parseModel } from './planning/findModel.ts';
import { jobContext } from './planning/jobContexts.ts';
import { openPrompts, type Prompts } from './prompts.ts';
import { choicesOf, type FrontJobs, type FrontSetup, startFront } from './startFront.ts';

/**
 * Makes an image of each prompt and saves it in a folder:
 *
 *     const run = images(['a red fox', { prompt: 'an owl', num_outputs: 2 }], {
 *       model: 'black-forest-labs/flux-schnell', to: 'out/animals', budgetUsd: 1 });
 *     const { totals } = await run;
 *
 * The run begins when you await it, iterate over it, or subscribe to `images` or `end`. Run the
 * same program again to make only the missing images: nothing is paid twice.
 *
 * The failure of one image is not an error: it counts in `totals.failed`, and its outcome is in the
 * manifest. Rejects with the error that ends the whole run, with the `totals` so far:
 * `ProviderError` (401, 402), `StorageError` (a full disk), the error of a sink, the reason of
 * `signal`; with `UsageError` or `InvalidRowsError`, before anything is created, if options or
 * prompts are wrong.
 */
export function images(prompts: Prompts, options: ImagesOptions): PlannedRun {
  return startFront(options, { adds: ['model'] }, (setup) => readJobs(prompts, options, setup));
}

async function readJobs(
  prompts: Prompts,
  options: ImagesOptions,
  { provider, emit, signal }: Pick<FrontSetup, 'provider' | 'emit' | 'signal'>,
): Promise<FrontJobs> {
  const reference = parseModel(options.model);
  const { file, folder, input } = await openPrompts(prompts, { signal, limit: options.limit });
  const model = await findModel(provider, reference);
  const context = { ...(await jobContext(choicesOf(options), reference, model)), folder };
  const { rows, fieldNames } = await validateRows(file, context);
  for (const message of describeMisspelled(fieldNames, context.schema)) emit({ type: 'warning', message });
  return {
    jobs: () => jobsFromRows(file.rows(), context),
    total: Math.min(rows * context.count, context.limit ?? Number.POSITIVE_INFINITY),
    context,
    tagNames: fieldNames,
    fingerprint: fingerprintOf(file.sha256, context),
    input,
    options,
  };
}
