import { basename } from 'node:path';
import { catchError, concat, concatMap, EMPTY, from, type Observable, of, tap, throwError } from 'rxjs';
import { packageVersion } from '../../../disk/storageError.ts';
import type { RunTotals } from '../../../events/totals.ts';
import { writeTable } from '../../../sinks/manifest/tables.ts';
import { unusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { Surplus } from '../../../sinks/report/money.ts';
import { createReport, type Report, writeReport } from '../../../sinks/report/report.ts';
import type { RunSession } from '../../../store/entries.ts';
import type { OpenRun } from '../settings.ts';
import { type Budgeted, budgetUse } from './budgetUse.ts';
import type { Showing } from './galleryAndSheet.ts';

/** The end of a run. */
export interface RunEnd {
  readonly totals: RunTotals;
  /**
   * The error that stopped the whole run: the service (401, 402), the disk; null if every job had
   * its turn.
   */
  readonly fault: unknown;
  /**
   * True if a stop kept the run from beginning more jobs than `totals.total` counts. Default false.
   */
  readonly isUnfinished?: boolean;
  /** Predictions of this folder that belong to no job. Absent: none are known. */
  readonly surplus?: Surplus;
  /** As in its report. Absent: the predictions of all runs were looked at. */
  readonly unlookedSinceMs?: number;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
}

/** The end of a run, with its report. */
export interface FinishedRun extends RunEnd {
  readonly report: Report;
}

/** The parts of an open run that its report and tables are written from. */
type Writing = Budgeted &
  Pick<OpenRun, 'config' | 'describePrice' | 'manifest' | 'journal' | 'requests' | 'tables' | 'used'>;

/**
 * Writes manifest, tables, report, gallery and contact sheet, then emits `run.completed`, even if
 * the disk refuses them.
 */
export function writeResults(ended: RunEnd, run: Writing & Showing): Observable<FinishedRun> {
  const end = withBudget(ended, run);
  const reportEnd = () =>
    run.config.emit?.({ type: 'run.completed', totals: end.totals, elapsedMs: end.elapsedMs });
  return from(writeReportAndTables(end, run)).pipe(
    concatMap((report) => concat(show(report, run), of({ ...end, report }))),
    catchError((error: unknown) => throwError(() => end.fault ?? error)),
    tap({ next: reportEnd, error: reportEnd }),
  );
}

function withBudget(end: RunEnd, run: Budgeted): RunEnd {
  const budget = budgetUse(run);
  return budget === null ? end : { ...end, totals: { ...end.totals, budget } };
}

/** Writes gallery and contact sheet, unless the run has none. Completes without a value. */
function show(report: Report, run: Showing): Observable<never> {
  if (run.thumbnails === null) return EMPTY;
  // Their pages and scripts are large, and most programs load them never or at the end.
  return from(import('./galleryAndSheet.ts')).pipe(
    concatMap(({ writeGalleryAndSheet }) => writeGalleryAndSheet(report, run)),
  );
}

/**
 * Writes `manifest.json`, the chosen tables and `report.json` into the run folder, over all
 * outcomes that the folder holds, earlier runs included, and counts the money of those that its
 * input no longer asks for. Memory stays flat for any number of
 * outcomes. Rejects with `StorageError` if the disk refuses.
 */
export async function writeReportAndTables(end: RunEnd, run: Writing): Promise<Report> {
  const { folder, service = null } = run.config;
  const builder = createReport({ priceOf: run.describePrice, service });
  for await (const outcome of run.manifest.outcomes()) builder.add(outcome);
  for await (const { outcome } of unusedResults(folder)) builder.addUnused(outcome);
  const { totals, surplus, unlookedSinceMs } = end;
  const session = sessionOf(end, run);
  run.journal.noteSession(session);
  const report = builder.toJSON(
    { ...session, costUsd: totals.costUsd, ...(unlookedSinceMs !== undefined && { unlookedSinceMs }) },
    { earlier: run.journal.sessions(), surplus, budget: totals.budget },
  );
  await run.manifest.finish({
    tool: { name: 'rxposure', version: packageVersion() },
    startedAt: new Date(end.startedAtMs).toISOString(),
    completedAt: new Date(end.startedAtMs + end.elapsedMs).toISOString(),
    ...totals,
    service,
    models: Object.keys(report.costByModel),
    settings: run.used,
  });
  for (const format of run.tables) {
    const path = await writeTable(folder, format, run.manifest.outcomes());
    const isOther = basename(path) !== `manifest.${format}`;
    const message = `manifest.${format} in the run folder is not a table of this run, and stays: the table is ${path}.`;
    if (isOther) run.config.emit?.({ type: 'warning', message });
  }
  await writeReport(folder, report);
  return report;
}

/** Returns how far a run has come, for its journal. */
export function sessionOf(
  {
    startedAtMs,
    elapsedMs,
    totals,
  }: Pick<RunEnd, 'startedAtMs' | 'elapsedMs'> & {
    readonly totals: Pick<RunTotals, 'saved'>;
  },
  { requests }: Pick<OpenRun, 'requests'>,
): RunSession {
  return { startedAtMs, elapsedMs, apiRequests: requests(), saved: totals.saved };
}
