import {
  catchError,
  defer,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  type SchedulerLike,
  throwIfEmpty,
} from 'rxjs';
import { expectConcurrency, flattenAll } from '../../base/items/flattenAll.ts';
import {
  costOfMade,
  type Downloaded,
  type Failed,
  failItem,
  type ItemRequest,
  isFailed,
  type Made,
  type MissingFile,
  settleItem,
  spendItem,
} from '../../base/items/item.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Downloader, DownloadTarget, ProvenanceWriter } from '../../ports.ts';
import type { ImageFile, Json, Prediction } from '../../types.ts';
import { expectBound, expectConfig, expectMethods, expectWait } from '../internal/options.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { isFinal } from '../predictions/pollSchedule.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { createStems, type FileStems, type StemOf } from './fileStems.ts';
import {
  errorOfAll,
  errorOfEnded,
  noOutput,
  nothingGiven,
  orMissing,
  partsOf,
  refusedBefore,
} from './missingOutputs.ts';

/** The names of the files. */
export interface DownloadNamesConfig {
  /**
   * Absolute path of the folder for the files. A plan's files get its `path` there; those of other
   * requests position and prediction: `0001-<id>`. Required without `stem`.
   */
  folder?: string;
  /**
   * Path of the first file of a prediction, absolute or in `folder`, without extension; the second
   * gets `--2` behind it, and so on. A text names the files of one prediction: a second one fails.
   * Default: by `folder`.
   */
  stem?: StemOf;
  /** Like `stem`, for the images before provenance was embedded. Default: these are not stored. */
  untouchedStem?: StemOf;
  /**
   * Returns true for files to replace; others keep their names, and the new one gets `-2` behind
   * its own. Default: no file is replaced, unless it has the same content.
   */
  mayReplace?: DownloadTarget['mayReplace'];
}

/** Outputs of which only some are downloaded. */
export interface DownloadPartsConfig {
  /**
   * Files of an earlier run, by their position in the output: these are not downloaded again. For a
   * pipe of one item. Default: none.
   */
  present?: ReadonlyMap<number, ImageFile>;
}

export interface DownloadOutputConfig extends DownloadNamesConfig, DownloadPartsConfig {
  /**
   * Returns the URLs of the files in a prediction's output. Default: that of the service that made
   * it.
   */
  urlsOf?: (output: Json) => readonly string[];
  /**
   * Changes each file before provenance is embedded; see `Transform`. `item` is the one that the
   * file belongs to. Default: no change.
   */
  transform?: (
    ...file: [...Parameters<NonNullable<DownloadTarget['transform']>>, item: Made]
  ) => ReturnType<NonNullable<DownloadTarget['transform']>>;
  /**
   * Applied to each image before the file gets its name; `item` is the one that the image belongs
   * to. Default: images stay as they are.
   */
  embedProvenance?: (...image: [...Parameters<ProvenanceWriter>, item: Made]) => ReturnType<ProvenanceWriter>;
  /** Items at a time: an integer of 1 or more, or Infinity. Default 16. */
  concurrency?: number;
  /** Resolves with true if the output of a prediction may be a text. Default: it may not. */
  mayBeText?: (prediction: Prediction) => Promise<boolean>;
  /** Tries after the first one, for faults that another try can mend. Default 5. */
  retries?: number;
  /** Upper bound of the wait before the first retry; doubles with each retry. Default 500. */
  delayMs?: number;
  /**
   * Wraps the downloads of each prediction: in a gate shared by all jobs, for example. Default:
   * none.
   */
  within?: MonoTypeOperatorFunction<Pick<Downloaded, 'files' | 'missing'>>;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for the jitter. Default Math.random. */
  random?: () => number;
}

/**
 * Downloads the files of each item's finished prediction to disk, and emits the item with them, in
 * the order of the output. Replaces no file of another item.
 *
 *     item                (p|)
 *     downloads of 3 ms   ---(f|)
 *     first one cut       --x---(f|)     x: only the download is repeated, nothing is created again
 *
 * Brings the files of `concurrency` items at a time; others wait. If some outputs cannot be
 * downloaded, the item continues with the others and names those as `missing`. It has failed with
 * the error of its prediction if that ended without an output or was given up, with `DownloadError`
 * if the output names no file, `stem` gives it no name, or none can be downloaded. The other items
 * continue. Emits an error only if it is no item's: `StorageError` if the disk refuses. Downloads
 * on their way are finished first. Unsubscribing drops them, and their unfinished files.
 */
export function downloadOutput(
  downloader: Downloader,
  config: DownloadOutputConfig,
): <R extends ItemRequest>(source: Observable<Made<R> | Failed<R>>) => Observable<Downloaded<R> | Failed<R>> {
  expectMethods(downloader, 'downloader', 'a downloader, as createDownloader makes', 'download');
  expectConfig(config, 'folder');
  const { concurrency = 16, folder, stem } = config;
  expectConcurrency(concurrency);
  const { retries = 0, delayMs = 0 } = config;
  expectBound(retries, 'retries', 0);
  expectWait(delayMs, 'delayMs');
  if (stem === undefined && folder === undefined)
    throw new RangeError('Expected `folder` or `stem`, got neither of them');
  return <R extends ItemRequest>(source: Observable<Made<R> | Failed<R>>) =>
    defer(() => {
      const nameOf = createStems(config);
      return source.pipe(
        flattenAll<Made<R> | Failed<R>, Downloaded<R> | Failed<R>>(
          (item) => (isFailed(item) ? of(item) : downloadItem(item, nameOf, downloader, config)),
          { concurrency, onDrop: (item) => isFailed(item) || closeItem(item) },
        ),
      );
    });
}

type NameOf = ReturnType<typeof createStems>;

/** Closes the reservation of an item, if no operator before has: its money is paid, or may be. */
function closeItem(item: Made): void {
  if (isFinal(item.prediction)) settleItem(item);
  else spendItem(item);
}

function downloadItem<R extends ItemRequest>(
  item: Made<R>,
  nameOf: NameOf,
  downloader: Downloader,
  config: DownloadOutputConfig,
): Observable<Downloaded<R> | Failed<R>> {
  const { prediction } = item;
  closeItem(item);
  const failed = (error: unknown, end: { readonly missing?: readonly MissingFile[] } = {}) => {
    const stage = hasFailed(prediction) ? 'polling' : 'download';
    const { costMicroUsd } = costOfMade(item);
    return failItem(item, error, { stage, prediction, costMicroUsd, ...end });
  };
  return defer(() => {
    if (hasFailed(prediction)) throw errorOfEnded(item);
    return partsOfOutput(item, nameOf, downloader, config);
  }).pipe(
    throwIfEmpty(() => nothingGiven('download', prediction)),
    map(({ files, missing = [] }) => {
      if (files.length === 0 && missing.length > 0) return failed(errorOfAll(missing), { missing });
      return { ...item, files, ...(missing.length > 0 && { missing }) };
    }),
    catchError((error: unknown) => of(failed(error))),
  );
}

function hasFailed({ status, outputComplete }: Prediction): boolean {
  return !outputComplete && ['failed', 'canceled', 'aborted'].includes(status);
}

function partsOfOutput(
  item: Made,
  nameOf: NameOf,
  downloader: Downloader,
  config: DownloadOutputConfig,
): Observable<Pick<Downloaded, 'files' | 'missing'>> {
  const { prediction, answers } = item;
  const { within = identity, present } = config;
  const { urlsOf = (output: Json) => answers.urlsOf(output) } = config;
  const urls = urlsOf(prediction.output);
  if (urls.length === 0) throw noOutput(prediction);
  const targetOf = targetsOf(item, nameOf(item, urls), config);
  const files = urls.map((url, output): Observable<ImageFile | MissingFile> => {
    const known = present?.get(output);
    if (known !== undefined) return of(refusedBefore(known, output) ?? known);
    return defer(() => downloader.download(url, targetOf(output))).pipe(
      retryBackoff(retriesOf(config)),
      orMissing(output),
    );
  });
  return within(forkJoin(files).pipe(map(partsOf)));
}

/** Returns the function that gives the path of an item's file, by its position in the output. */
function targetsOf(
  item: Made,
  { stemOf, untouchedOf }: FileStems,
  { transform, embedProvenance, mayReplace, mayBeText }: DownloadOutputConfig,
): (output: number) => DownloadTarget {
  return (output) => ({
    stem: stemOf(output),
    mayReplace: mayReplace ?? (() => false),
    ...(transform && { transform: (file) => transform(file, item) }),
    ...(embedProvenance && { embedProvenance: (bytes, format) => embedProvenance(bytes, format, item) }),
    ...(mayBeText && { mayBeText: () => mayBeText(item.prediction) }),
    ...(untouchedOf && { untouchedStem: untouchedOf(output) }),
  });
}

function retriesOf(config: DownloadOutputConfig) {
  const policy = retryPolicies.download;
  const { retries = policy.retries, delayMs = policy.delayMs } = config;
  const { scheduler = monotonicScheduler, random = Math.random } = config;
  return { ...policy, retries, delayMs, scheduler, random };
}
