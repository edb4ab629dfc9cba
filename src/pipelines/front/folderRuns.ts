import { resolve } from 'node:path';
import { concatMap, defer, type Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { ModelInput } from '../../types.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { runCollect } from '../workflows/collect.ts';
import { runRetry } from '../workflows/retryFailed.ts';
import { createImagesRun, type ImagesRun } from './imagesRun.ts';
import type { RunOptions } from './options.ts';
import { openScore } from './score.ts';
import { checkNames, moneySettings, providerOf, settingsOf, unpricedError } from './settings.ts';

/** The options of a run that needs no input but its folder. */
export interface FolderOptions extends RunOptions {
  /** Values of secret inputs, which no folder has. Default: none. */
  input?: ModelInput;
}

/** The options of `retryFailed`. */
export interface RetryOptions extends FolderOptions {
  /** Only images with these indexes, from 0. Default: all that failed. */
  only?: (index: number) => boolean;
}

/** Options of a batch that have no meaning for a folder alone. */
const unfit = [
  ...['to', 'count', 'seed', 'limit', 'detach', 'fallback', 'renditions'],
  ...['organize', 'folderSize', 'cache', 'cacheUnseeded'],
];

/**
 * Collects the predictions that runs with `detach` have left to the service, within the hour.
 *
 *     await images(prompts, { model, to: 'out/night', detach: true });
 *     const { totals } = await collect('out/night');
 *
 * A prediction that has failed through a fault of the platform is made again. Follows with `poll`,
 * 100 predictions at a time, unless options change that. Needs only the folder. Rejects with
 * `UsageError` if it has nothing to collect, and as `images` does.
 */
export function collect(folder: string, options: FolderOptions = {}): ImagesRun {
  // Following predictions that already run costs nothing, so many are followed at a time.
  const patient = { ...options, follow: options.follow ?? 'poll' };
  const { session } = options;
  const settled = session === undefined ? { ...patient, concurrency: options.concurrency ?? 100 } : patient;
  return startInFolder(folder, settled, [...unfit, 'only'], runCollect);
}

/**
 * Makes the failed images of earlier runs in a folder, and nothing else. Needs only the folder.
 *
 *     const { totals } = await retryFailed('out/animals', { only: (index) => index < 100 });
 *
 * A failed image that still has a prediction at the service is not paid again. Rejects with
 * `UsageError` if the folder is not that of a run, and as `images` does.
 */
export function retryFailed(folder: string, options: RetryOptions = {}): ImagesRun {
  return startInFolder(folder, options, unfit, runRetry);
}

function startInFolder(
  folder: string,
  options: RetryOptions,
  without: readonly string[],
  run: (settings: RunSettings) => Observable<FinishedRun>,
): ImagesRun {
  return createImagesRun(({ emit = () => {}, ...control }) => {
    const settings = async (): Promise<RunSettings> => {
      checkNames(options, { without });
      if (typeof folder !== 'string' || folder === '') {
        throw new UsageError(`Expected the path of a run folder, got ${JSON.stringify(folder)}`);
      }
      const { input, only, score, allowFiles = [] } = options;
      const money = moneySettings(options);
      const chosen = { ...settingsOf(options), ...money };
      const provider = providerOf(options, emit);
      const rating = { provider, money, allowFiles, unpriced: unpricedError(options) };
      return {
        ...chosen,
        ...(score === undefined ? {} : { scorer: await openScore(score, rating) }),
        folder: resolve(folder),
        provider,
        ...(input === undefined ? {} : { secretInputs: input }),
        ...(only === undefined ? {} : { only }),
      };
    };
    return defer(settings).pipe(concatMap((given) => run({ ...given, ...control, emit })));
  }, options);
}
