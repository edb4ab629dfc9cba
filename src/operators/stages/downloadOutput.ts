import {
  concatMap,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  type OperatorFunction,
  type SchedulerLike,
  throwError,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { numberedStem } from '../../disk/copyFiles.ts';
import { DownloadError } from '../../errors.ts';
import type { Downloader, DownloadTarget, ProvenanceWriter } from '../../ports.ts';
import type { ImageFile, Json, Prediction } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';

export interface DownloadOutputConfig {
  /**
   * Absolute path of the first file without extension; the second gets `--2` behind it, and so on.
   */
  stem: string;
  /** Returns the URLs of the files in a prediction's output. */
  urlsOf: (output: Json) => readonly string[];
  /** Changes each file before provenance is embedded; see `Transform`. Default: no change. */
  transform?: DownloadTarget['transform'];
  /** Applied to each image before the file gets its name. Default: images stay as they are. */
  embedProvenance?: ProvenanceWriter;
  /** Like `stem`, for the images before provenance was embedded. Default: these are not stored. */
  untouchedStem?: string;
  /** Returns true for files to replace; others keep their names. Default: any file is replaced. */
  mayReplace?: DownloadTarget['mayReplace'];
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
  within?: MonoTypeOperatorFunction<readonly ImageFile[]>;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for the jitter. Default Math.random. */
  random?: () => number;
}

/**
 * Downloads the files of each finished prediction to disk and emits them together, in the order of
 * the output.
 *
 *     prediction          (p|)
 *     downloads of 3 ms   ---(f|)
 *     first one cut       --x---(f|)     x: only the download is repeated, nothing is created again
 *
 * Emits `DownloadError` if the output names no file or a file cannot be downloaded, `StorageError`
 * if the disk refuses.
 */
export function downloadOutput(
  downloader: Downloader,
  config: DownloadOutputConfig,
): OperatorFunction<Prediction, readonly ImageFile[]> {
  const policy = retryPolicies.download;
  const { stem, urlsOf, within = identity } = config;
  const { retries = policy.retries, delayMs = policy.delayMs } = config;
  const {
    transform,
    embedProvenance,
    untouchedStem,
    mayReplace,
    mayBeText,
    scheduler = monotonicScheduler,
    random = Math.random,
  } = config;
  return concatMap((prediction) => {
    const urls = urlsOf(prediction.output);
    if (urls.length === 0) return throwError(() => noOutput(prediction));
    const files = urls.map((url, index) =>
      downloader
        .download(url, {
          stem: numberedStem(stem, index),
          ...(transform === undefined ? {} : { transform }),
          ...(embedProvenance === undefined ? {} : { embedProvenance }),
          ...(mayReplace === undefined ? {} : { mayReplace }),
          ...(mayBeText === undefined ? {} : { mayBeText: () => mayBeText(prediction) }),
          ...(untouchedStem === undefined ? {} : { untouchedStem: numberedStem(untouchedStem, index) }),
        })
        .pipe(retryBackoff({ ...policy, retries, delayMs, scheduler, random })),
    );
    return within(forkJoin(files));
  });
}

function noOutput(prediction: Prediction): DownloadError {
  return prediction.dataRemoved
    ? new DownloadError(
        'ERR_OUTPUT_GONE',
        `Prediction ${prediction.id} has finished, but the service has deleted its output.`,
        {
          suggestion:
            'Outputs live for one hour: collect them sooner. Making the image again means paying for it again.',
        },
      )
    : new DownloadError(
        'ERR_NO_OUTPUT',
        `Expected files from prediction ${prediction.id}, got ${describeOutput(prediction.output)}.`,
        {
          suggestion:
            'Check that the model makes images. For an hour you can read the whole response at ' +
            `https://replicate.com/p/${prediction.id}.`,
        },
      );
}

const MOST_CHARS = 200;
const MOST_NAMES = 10;

/** Describes an output without files in a few words. */
function describeOutput(output: Json): string {
  if (output === null) return 'nothing';
  if (typeof output === 'string') return `the text ${quoted(output)}`;
  if (typeof output !== 'object') return `the value ${output}`;
  if (!Array.isArray(output)) return `an object without files: ${listed(Object.keys(output))}`;
  if (output.length === 0) return 'an empty list';
  // Models that stream text emit it piece by piece.
  const isText = output.every((part: Json) => typeof part === 'string');
  return isText ? `the text ${quoted(output.join(''))}` : `a list of ${output.length} values without files`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}…`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'it is empty';
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
}
