import {
  catchError,
  concat,
  concatMap,
  ignoreElements,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { missingOutput } from '../../base/items/outcomeErrors.ts';
import { isTruncatedDataUrl, truncateDataUrls } from '../../base/modelInput.ts';
import { hideInPrediction } from '../../base/secretInputs.ts';
import { isNotFound } from '../../base/service.ts';
import { areIntact } from '../../disk/copyFiles.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { DownloadError, option } from '../../errors.ts';
import { gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { downloadOutput } from '../../operators/stages/downloadOutput.ts';
import { throwFailed } from '../../operators/stages/throwFailed.ts';
import type { Downloader } from '../../ports.ts';
import type { FetchedOutput, ImageFile, Plan, Prediction } from '../../types.ts';
import { recordCreated } from './attempt/followPrediction.ts';
import { stoppedInOutage } from './attempt/stoppedInOutage.ts';
import { itemOf, type JobState, mayReplace } from './job.ts';
import { datedPrediction } from './provenance.ts';
import type {
  RunClock,
  RunControl,
  RunHooks,
  RunLimits,
  RunOutputs,
  RunServices,
  Shared,
  Stateful,
} from './run.ts';

/** The groups of a run that downloading reads. */
type Downloading = Recording &
  Pick<Shared, 'outputsText'> &
  Pick<RunHooks, 'filesOf'> &
  Refetching &
  Pick<RunServices, 'downloader'> &
  Pick<Shared, 'fileOutage'> &
  Pick<RunControl, 'stop'> &
  Stateful &
  Pick<RunLimits, 'downloads'> &
  Pick<RunOutputs, 'folder' | 'provenanceWriters' | 'keepOriginals' | 'transform'>;

/** The groups of a run that recording a download reads. */
type Recording = Pick<RunServices, 'journal'> & Pick<RunHooks, 'emit'>;

/** The groups of a run that asking for a prediction again reads. */
type Refetching = Pick<RunServices, 'provider' | 'answers'> & Pick<RunClock, 'scheduler' | 'random'>;

/**
 * Downloads a prediction's files into the run folder and records them. Skips files that an earlier
 * run has downloaded, or refused for good, if they are intact. If some outputs cannot be
 * downloaded, emits the others, and notes those in the job.
 */
export function downloadOriginals(
  job: JobState,
  run: Downloading,
): OperatorFunction<Prediction, FetchedOutput> {
  const { earlierFiles, earlierPredictionId } = job;
  return concatMap((prediction) => {
    job.stage = 'download';
    job.missing = [];
    if (earlierFiles.length === 0 || prediction.id !== earlierPredictionId) {
      return merge(recordCreated(prediction, job, run), download(prediction, NONE, job, run));
    }
    return fromAbortable(() => intactFiles(earlierFiles)).pipe(
      concatMap((present) =>
        isAll(present, earlierFiles)
          ? of({ prediction, files: earlierFiles })
          : withLongData(prediction, present, run).pipe(
              concatMap((found) => download(found, present, job, run)),
            ),
      ),
    );
  });
}

/** Files of an output, by their position in it. */
type Present = ReadonlyMap<number, ImageFile>;

const NONE: Present = new Map();

/** Returns the files that are as they were; not those that another download may mend. */
async function intactFiles(files: readonly ImageFile[]): Promise<Present> {
  const present = new Map<number, ImageFile>();
  for (const [index, file] of files.entries()) {
    if (file.refused?.recoverable !== true && (await areIntact([file])))
      present.set(file.output ?? index, file);
  }
  return present;
}

/** Returns true if an earlier run has downloaded the whole output, and all of it is there. */
function isAll(present: Present, files: readonly ImageFile[]): boolean {
  return present.size === files.length && files.every(({ output }) => output === undefined);
}

function download(
  prediction: Prediction,
  present: Present,
  job: JobState,
  run: Downloading,
): Observable<FetchedOutput> {
  const { plan } = job;
  const { transform } = run;
  const embedProvenance = run.provenanceWriters?.(datedPrediction(prediction, job), plan);
  const record = (files: readonly ImageFile[]) =>
    recordDownloaded({ prediction, files, missing: job.missing }, present, plan, run);
  return of(itemOf(prediction, job, run)).pipe(
    downloadOutput(withoutCutData(run.downloader, prediction), {
      stem: pathBelow(run.folder, plan.path),
      ...(transform && { transform: (file: ImageFile) => transform(file, plan) }),
      ...(embedProvenance && { embedProvenance }),
      ...(run.keepOriginals ? { untouchedStem: pathBelow(run.folder, `originals/${plan.path}`) } : {}),
      mayReplace: mayReplace(job, run),
      mayBeText: ({ model, version }) =>
        run.outputsText({ model: model === '' ? plan.model : model, version }),
      present,
      within: gate(run.downloads),
      scheduler: run.scheduler,
      random: run.random,
    }),
    tap(({ missing = [] }) => {
      job.missing = missing.map(missingOutput);
    }),
    throwFailed(),
    takeUntil(stoppedInOutage(run, run.fileOutage)),
    concatMap(({ files }) => record(files)),
    catchError((error: unknown) => {
      const failed = throwError(() => error);
      const isKept = error instanceof DownloadError && job.missing.some(({ kept }) => kept !== undefined);
      return isKept ? concat(record([]).pipe(ignoreElements()), failed) : failed;
    }),
  );
}

/**
 * Fetches a prediction again if its output is long data, which the journal stores only as a hash.
 * Emits the same one if the service has deleted it.
 */
function withLongData(prediction: Prediction, present: Present, run: Refetching): Observable<Prediction> {
  const { id, output } = prediction;
  const isNeeded = (url: string, index: number) => isTruncatedDataUrl(url) && !present.has(index);
  if (!run.answers.urlsOf(output).some(isNeeded)) return of(prediction);
  return run.provider.getPrediction(id).pipe(
    retryBackoff({ ...retryPolicies.refetch, scheduler: run.scheduler, random: run.random }),
    catchError((error: unknown) => {
      return isNotFound(error) ? of(prediction) : throwError(() => error);
    }),
  );
}

/** Returns a downloader that knows data of which only the hash is left: they are gone. */
function withoutCutData(downloader: Downloader, { id }: Prediction): Downloader {
  return {
    download: (url, target) =>
      isTruncatedDataUrl(url) ? throwError(() => gone(id)) : downloader.download(url, target),
  };
}

function gone(id: string): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `The files of prediction ${id} are gone, both on disk and at the service.`,
    {
      suggestion: `Run with ${option('--repay')} to make, and pay for, the image again.`,
    },
  );
}

/** Records the files of an output, also those that are refused and kept. */
function recordDownloaded(
  fetched: FetchedOutput & Required<Pick<FetchedOutput, 'missing'>>,
  present: Present,
  plan: Plan,
  run: Recording,
): Observable<FetchedOutput> {
  const { prediction, files, missing } = fetched;
  const isPresent = ({ path }: ImageFile) => [...present.values()].some((file) => file.path === path);
  const bytes = files.reduce((sum, file) => sum + (isPresent(file) ? 0 : file.bytes), 0);
  if (files.length > 0) run.emit({ type: 'image.downloaded', index: plan.index, bytes });
  // Enough to compute the cost; the output itself is on disk.
  const { input, output } = hideInPrediction(prediction, plan.input, plan.secrets);
  const stored = { ...prediction, input: truncateDataUrls(input), output: truncateDataUrls(output) };
  const kept = missing.flatMap(({ output: position, error: refused, kept: file }): ImageFile[] =>
    file === undefined ? [] : [{ ...file, output: position, refused }],
  );
  return run.journal
    .record(plan, { type: 'downloaded', prediction: stored, files: [...files, ...kept] })
    .pipe(map(() => (missing.length === 0 ? { prediction, files } : fetched)));
}
