import {
  catchError,
  concatMap,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  takeUntil,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { isTruncatedDataUrl, truncateDataUrls } from '../../base/modelInput.ts';
import { hideInPrediction } from '../../base/secretInputs.ts';
import { areIntact } from '../../disk/copyFiles.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { DownloadError, ProviderError } from '../../errors.ts';
import { gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { downloadOutput } from '../../operators/stages/downloadOutput.ts';
import { throwFailed } from '../../operators/stages/throwFailed.ts';
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
  Pick<RunOutputs, 'folder' | 'provenanceWriters' | 'keepOriginals'>;

/** The groups of a run that recording a download reads. */
type Recording = Pick<RunServices, 'journal'> & Pick<RunHooks, 'emit'>;

/** The groups of a run that asking for a prediction again reads. */
type Refetching = Pick<RunServices, 'provider' | 'answers'> & Pick<RunClock, 'scheduler' | 'random'>;

/**
 * Downloads a prediction's files into the run folder and records them. Skips files that an earlier
 * run has downloaded, if they are intact.
 */
export function downloadOriginals(
  job: JobState,
  run: Downloading,
): OperatorFunction<Prediction, FetchedOutput> {
  const { earlierFiles } = job;
  return concatMap((prediction) => {
    job.stage = 'download';
    if (earlierFiles.length === 0) {
      return merge(recordCreated(prediction, job, run), download(prediction, job, run));
    }
    return fromAbortable(() => areIntact(earlierFiles)).pipe(
      concatMap((isThere) =>
        isThere
          ? of({ prediction, files: earlierFiles })
          : withLongData(prediction, run).pipe(concatMap((found) => download(found, job, run))),
      ),
    );
  });
}

function download(prediction: Prediction, job: JobState, run: Downloading): Observable<FetchedOutput> {
  const { plan } = job;
  const embedProvenance = run.provenanceWriters?.(datedPrediction(prediction, job), plan);
  return of(itemOf(prediction, job, run)).pipe(
    downloadOutput(run.downloader, {
      stem: pathBelow(run.folder, plan.path),
      ...(embedProvenance && { embedProvenance }),
      ...(run.keepOriginals ? { untouchedStem: pathBelow(run.folder, `originals/${plan.path}`) } : {}),
      mayReplace: mayReplace(job, run),
      mayBeText: ({ model, version }) =>
        run.outputsText({ model: model === '' ? plan.model : model, version }),
      within: gate(run.downloads),
      scheduler: run.scheduler,
      random: run.random,
    }),
    throwFailed(),
    takeUntil(stoppedInOutage(run, run.fileOutage)),
    concatMap(({ files }) => recordDownloaded(files, prediction, plan, run)),
  );
}

/**
 * Fetches a prediction again if its output is long data, which the journal stores only as a hash.
 */
function withLongData(prediction: Prediction, run: Refetching): Observable<Prediction> {
  const { id, output } = prediction;
  if (!run.answers.urlsOf(output).some(isTruncatedDataUrl)) return of(prediction);
  return run.provider.getPrediction(id).pipe(
    retryBackoff({ ...retryPolicies.refetch, scheduler: run.scheduler, random: run.random }),
    catchError((error: unknown) => {
      const isGone = error instanceof ProviderError && error.status === 404;
      return throwError(() => (isGone ? gone(id, error) : error));
    }),
  );
}

function gone(id: string, cause: unknown): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `The files of prediction ${id} are gone, both on disk and at the service.`,
    {
      suggestion: 'Run with --repay to make, and pay for, the image again.',
      cause,
    },
  );
}

function recordDownloaded(
  files: readonly ImageFile[],
  prediction: Prediction,
  plan: Plan,
  run: Recording,
): Observable<FetchedOutput> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  run.emit({ type: 'image.downloaded', index: plan.index, bytes });
  // Enough to compute the cost; the output itself is on disk.
  const { input, output } = hideInPrediction(prediction, plan.input, plan.secrets);
  const stored = { ...prediction, input: truncateDataUrls(input), output: truncateDataUrls(output) };
  return run.journal
    .record(plan, { type: 'downloaded', prediction: stored, files })
    .pipe(map(() => ({ prediction, files })));
}
