import {
  catchError,
  concatMap,
  forkJoin,
  identity,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type OperatorFunction,
  of,
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

/** Outputs of which only some are downloaded. */
interface PartsConfig {
  /** Files of an earlier run, by their position in the output: these are not downloaded again. */
  present?: ReadonlyMap<number, ImageFile>;
  /**
   * Called with the outputs that cannot be downloaded, if there are any; then the others are
   * emitted, with their `output`. Default: the error of the first is emitted.
   */
  onMissing?: (missing: readonly MissingFile[]) => void;
}

export interface DownloadOutputConfig extends PartsConfig {
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

/** An output that cannot be downloaded. */
export interface MissingFile {
  /** 0-based position in the output. */
  readonly output: number;
  readonly error: DownloadError;
}

/**
 * Downloads the files of each finished prediction to disk and emits them together, in the order of
 * the output.
 *
 *     prediction          (p|)
 *     downloads of 3 ms   ---(f|)
 *     first one cut       --x---(f|)     x: only the download is repeated, nothing is created again
 *
 * Emits `DownloadError` if the output names no file, or none can be downloaded; without `onMissing`
 * also if one cannot. Emits `StorageError` if the disk refuses.
 */
export function downloadOutput(
  downloader: Downloader,
  config: DownloadOutputConfig,
): OperatorFunction<Prediction, readonly ImageFile[]> {
  const { urlsOf, within = identity, present, onMissing } = config;
  return concatMap((prediction) => {
    const urls = urlsOf(prediction.output);
    if (urls.length === 0) return throwError(() => noOutput(prediction));
    const files = urls.map((url, output): Observable<ImageFile | MissingFile> => {
      const known = present?.get(output);
      if (known !== undefined) return of(refusedBefore(known, output) ?? known);
      const downloaded = downloader
        .download(url, targetOf(prediction, output, config))
        .pipe(retryBackoff(retriesOf(config)));
      return onMissing === undefined ? downloaded : downloaded.pipe(orMissing(output));
    });
    return within(forkJoin(files).pipe(map((found) => filesOf(found, onMissing))));
  });
}

function retriesOf(config: DownloadOutputConfig) {
  const policy = retryPolicies.download;
  const { retries = policy.retries, delayMs = policy.delayMs } = config;
  const { scheduler = monotonicScheduler, random = Math.random } = config;
  return { ...policy, retries, delayMs, scheduler, random };
}

function targetOf(
  prediction: Prediction,
  output: number,
  { stem, untouchedStem, transform, embedProvenance, mayReplace, mayBeText }: DownloadOutputConfig,
): DownloadTarget {
  return {
    stem: numberedStem(stem, output),
    ...(transform === undefined ? {} : { transform }),
    ...(embedProvenance === undefined ? {} : { embedProvenance }),
    ...(mayReplace === undefined ? {} : { mayReplace }),
    ...(mayBeText === undefined ? {} : { mayBeText: () => mayBeText(prediction) }),
    ...(untouchedStem === undefined ? {} : { untouchedStem: numberedStem(untouchedStem, output) }),
  };
}

/** Turns the error of one output into a value, so that the others are downloaded. */
function orMissing(output: number): OperatorFunction<ImageFile, ImageFile | MissingFile> {
  return catchError((error: unknown) =>
    error instanceof DownloadError ? of({ output, error }) : throwError(() => error),
  );
}

/** Returns the output whose file an earlier run has refused and kept; null if it uses the file. */
function refusedBefore({ refused, ...file }: ImageFile, output: number): MissingFile | null {
  if (refused === undefined) return null;
  const { code, message, recoverable, suggestion } = refused;
  return { output, error: new DownloadError(code, message, { recoverable, suggestion, kept: file }) };
}

/**
 * Returns the files among outputs. If there is none, throws an error that another try may mend,
 * else the first.
 */
function filesOf(
  found: readonly (ImageFile | MissingFile)[],
  onMissing: DownloadOutputConfig['onMissing'] = () => {},
): readonly ImageFile[] {
  const missing = found.filter((one) => 'error' in one);
  const files = found.flatMap((one, output) => ('error' in one ? [] : [{ ...one, output }]));
  if (missing.length > 0) onMissing(missing);
  const [first] = missing.toSorted((a, b) => Number(b.error.recoverable) - Number(a.error.recoverable));
  if (files.length === 0 && first !== undefined) throw first.error;
  return missing.length > 0 ? files : files.map(({ output: _all, ...file }) => file);
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
