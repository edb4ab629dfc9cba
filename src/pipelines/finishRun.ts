import { createReport } from '../sinks/createReport.ts';
import type { Report } from '../sinks/Report.ts';
import { writeReport } from '../sinks/writeReport.ts';
import { writeTable } from '../sinks/writeTable.ts';
import type { OpenRun } from './openRun.ts';
import type { RunEnd } from './runToFolder.ts';

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
