import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  type Observable,
  of,
  reduce,
  tap,
  throwError,
} from 'rxjs';
import { encoderConcurrency } from '../../base/pictures.ts';
import type { RunTotals } from '../../events/runEvent.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { sheetCells, writeContactSheet } from '../../sinks/contactSheet/contactSheet.ts';
import { writeGallery } from '../../sinks/gallery/galleryPage.ts';
import type { Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import { writeTable } from '../../sinks/manifest/tables.ts';
import { createReport, type Report, writeReport } from '../../sinks/report/report.ts';
import type { Outcome } from '../../types.ts';
import { outcomeError } from '../journey/outcomes.ts';
import type { OpenRun } from './settings.ts';

/** How a run ended. */
export interface RunEnd {
  readonly totals: RunTotals;
  /** What stopped the whole run: the service (401, 402), the disk; null where every job had its turn. */
  readonly fault: unknown;
  /** Whether a stop kept the run from beginning more than `totals.total` tells of. Default false. */
  readonly isUnfinished?: boolean;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
}

/** How a run ended, with its report. */
export interface FinishedRun extends RunEnd {
  readonly report: Report;
}

/** Leaves manifest, report and pictures to look at, and tells how it ended, whether or not the disk took them. */
export function leaveResults(end: RunEnd, run: OpenRun): Observable<FinishedRun> {
  const tell = () =>
    run.config.emit?.({ type: 'run.completed', totals: end.totals, elapsedMs: end.elapsedMs });
  return from(finishRun(end, run)).pipe(
    concatMap((report) => concat(showPictures(report, run), of({ ...end, report }))),
    catchError((error: unknown) => throwError(() => end.fault ?? error)),
    tap({ next: tell, error: tell }),
  );
}

/**
 * Leaves `manifest.json`, the other tables that were asked for, and `report.json` in the run folder, over everything the folder holds, earlier runs included.
 * Memory stays flat, however many outcomes there are. Rejects with `StorageError` where the disk refuses.
 */
export async function finishRun(end: RunEnd, run: OpenRun): Promise<Report> {
  const { folder } = run.config;
  const builder = createReport({ priceOf: run.describePrice });
  for await (const outcome of run.manifest.outcomes()) builder.add(outcome);
  const report = builder.toJSON({
    elapsedMs: end.elapsedMs,
    apiRequests: run.requests(),
    saved: end.totals.saved,
  });
  await run.manifest.finish({
    startedAt: new Date(end.startedAtMs).toISOString(),
    completedAt: new Date(end.startedAtMs + end.elapsedMs).toISOString(),
    ...end.totals,
  });
  for (const format of run.tables) await writeTable(folder, format, run.manifest.outcomes());
  await writeReport(folder, report);
  return report;
}

/**
 * Leaves `gallery.html` and `contact-sheet.jpg` in the run folder, over everything the folder holds; thumbnails that earlier
 * runs did not make are made first. Completes without a value. What the disk refuses here is a warning: the run is whole
 * without it.
 */
function showPictures(report: Report, run: OpenRun): Observable<never> {
  const { thumbnails, manifest, config } = run;
  if (thumbnails === null) return EMPTY;
  const { folder, emit = () => {} } = config;
  const cellsMade = pullMap(
    manifest.outcomes(),
    async (outcome) => {
      await thumbnails.make(outcome);
      return sheetCells(outcome, thumbnails).length;
    },
    { concurrency: encoderConcurrency() },
  );
  return cellsMade.pipe(
    reduce((total, cells) => total + cells, 0),
    concatMap((total) =>
      concat(
        defer(() => writeGallery(folder, { outcomes: manifest.outcomes(), report, thumbnails })),
        defer(() => writeContactSheet(folder, allCells(manifest.outcomes(), thumbnails), total)),
      ),
    ),
    ignoreElements(),
    catchError((error: unknown) => {
      emit({ type: 'warning', message: `The gallery could not be made: ${outcomeError(error).message}` });
      return EMPTY;
    }),
  );
}

async function* allCells(outcomes: AsyncIterable<Outcome>, thumbnails: Thumbnails) {
  for await (const outcome of outcomes) yield* sheetCells(outcome, thumbnails);
}
