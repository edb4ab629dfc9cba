import { join } from 'node:path';
import {
  catchError,
  concatMap,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { isTruncatedDataUrl, truncateDataUrls } from '../../base/modelInput.ts';
import { areIntact } from '../../disk/copyFiles.ts';
import { DownloadError, ProviderError } from '../../errors.ts';
import { gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { downloadOutput } from '../../operators/stages/downloadOutput.ts';
import type { FetchedOutput, ImageFile, Plan, Prediction } from '../../types.ts';
import { noteCreated } from './followPrediction.ts';
import type { JobState } from './job.ts';
import type { RunClock, RunHooks, RunLimits, RunOutputs, RunServices } from './run.ts';

/** What downloading reads of its run. */
type Downloading = Pick<RunServices, 'provider' | 'downloader' | 'journal' | 'answers'> &
  Pick<RunLimits, 'downloads'> &
  Pick<RunOutputs, 'folder' | 'provenanceWriters' | 'keepOriginals'> &
  Pick<RunHooks, 'emit'> &
  RunClock;

/**
 * Downloads a prediction's files into the run folder and records that they are there. Files that an earlier run has
 * downloaded are not fetched again.
 */
export function downloadOriginals(
  job: JobState,
  run: Downloading,
): OperatorFunction<Prediction, FetchedOutput> {
  const { plan, earlierFiles } = job;
  return concatMap((prediction) => {
    if (earlierFiles.length === 0) {
      return merge(noteCreated(prediction, job, run), fetched(prediction, plan, run));
    }
    return fromAbortable(() => areIntact(earlierFiles)).pipe(
      concatMap((isThere) =>
        isThere
          ? of({ prediction, files: earlierFiles })
          : askedAgain(prediction, run).pipe(concatMap((found) => fetched(found, plan, run))),
      ),
    );
  });
}

function fetched(prediction: Prediction, plan: Plan, run: Downloading): Observable<FetchedOutput> {
  return of(prediction).pipe(
    downloadOutput(run.downloader, {
      stem: join(run.folder, plan.path),
      ...(run.provenanceWriters === null ? {} : { embedProvenance: run.provenanceWriters(prediction, plan) }),
      ...(run.keepOriginals ? { untouchedStem: join(run.folder, 'originals', plan.path) } : {}),
      urlsOf: run.answers.urlsOf,
      within: gate(run.downloads),
      scheduler: run.scheduler,
      random: run.random,
    }),
    concatMap((files) => note(files, prediction, plan, run)),
  );
}

/** The journal does not keep long data that a prediction put out: the service may still have it. */
function askedAgain(prediction: Prediction, run: Downloading): Observable<Prediction> {
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
  return new DownloadError('ERR_OUTPUT_GONE', `The files of prediction ${id} are gone, here and there.`, {
    suggestion: 'Making the image again costs its price again: --repay does it.',
    cause,
  });
}

function note(
  files: readonly ImageFile[],
  prediction: Prediction,
  plan: Plan,
  run: Downloading,
): Observable<FetchedOutput> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  run.emit({ type: 'image.downloaded', index: plan.index, bytes });
  // Enough to know what it costs; the output itself lies on the disk.
  const { input, output } = prediction;
  const kept = { ...prediction, input: truncateDataUrls(input), output: truncateDataUrls(output) };
  return run.journal
    .record(plan, { type: 'downloaded', prediction: kept, files })
    .pipe(map(() => ({ prediction, files })));
}
