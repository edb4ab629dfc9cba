import { concatMap, defer } from 'rxjs';
import { runCounted } from '../runToFolder.ts';
import { createImagesRun, type ImagesRun } from './imagesRun.ts';
import type { ImagesOptions } from './options.ts';
import { prepareImages } from './prepareImages.ts';
import type { Prompts } from './prompts.ts';

/**
 * Makes an image of each prompt and saves it in a folder:
 *
 *     const run = images(['a red fox', { prompt: 'an owl', num_outputs: 2 }], {
 *       model: 'black-forest-labs/flux-schnell', to: 'out/animals', budgetUsd: 1 });
 *     const { totals } = await run;
 *
 * The run begins when you await it, iterate over it, or subscribe to `images` or `end`. Run the
 * same program again, and it makes only what is missing: nothing is paid twice.
 *
 * The failure of one image is not an error: it counts in `totals.failed`, and its outcome is in the
 * manifest. Rejects with what ends the whole run, with the `totals` so far: `ProviderError` (401,
 * 402), `StorageError` (a full disk), the error of a sink, the reason of `signal`; with
 * `UsageError` or `InvalidRowsError`, before anything is created, if options or prompts are wrong.
 */
export function images(prompts: Prompts, options: ImagesOptions): ImagesRun {
  return createImagesRun(
    ({ emit = () => {}, ...control }) =>
      defer(() => prepareImages(prompts, options, emit)).pipe(
        concatMap(({ plans, total, settings }) =>
          runCounted(plans, total, { ...settings, ...control, emit }),
        ),
      ),
    options,
  );
}
