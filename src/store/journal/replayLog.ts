import type { DatabaseSync } from 'node:sqlite';
import { newStoredJob, type StoredJob } from '../entries.ts';
import type { readEntryLog } from './entryLog.ts';
import type { JobTable } from './jobTable.ts';
import type { LoggedJob, LogLine } from './logLines.ts';

/** Puts the jobs of the lines after `from`, up to `to`, into the database. */
export function replayLog(
  database: DatabaseSync,
  table: JobTable,
  lines: ReturnType<typeof readEntryLog>,
  { from, to }: { from: number; to: number },
): void {
  database.exec('BEGIN');
  for (const { line } of lines) {
    if (line !== null && line.seq > from && line.seq <= to) replayLine(line, table);
  }
  // The input itself is not in the log: the next run compares it with the jobs.
  database.exec('UPDATE run SET fingerprint = NULL, total = NULL, content = NULL');
  database.exec('COMMIT');
}

function replayLine(line: LogLine, table: JobTable): void {
  if ('known' in line) table.addPredictionId(line.known);
  if (!('id' in line)) return;
  if (line.index != null) free(line.index, line.id, table);
  const job = table.get(line.id);
  if ('state' in line) {
    if (line.predictionId !== null) table.addPredictionId(line.predictionId);
    table.put(withLine(job, line));
  } else if (job !== undefined) {
    table.put({ ...job, index: line.index });
  }
}

/** Takes an index from the job that has it, if that is another one: no two jobs have the same. */
function free(index: number, id: number, table: JobTable): void {
  const holder = table.at(index);
  if (holder !== undefined && holder.id !== id) table.put({ ...holder, index: null });
}

/** Returns a job as a line of the log has it; files and outputs stay where the run left them. */
function withLine(before: StoredJob | undefined, line: LoggedJob): StoredJob {
  const { id, key = '', openMicroUsd, paidMicroUsd } = line;
  const { state, attempts, intendedAtMs, cancelAfterMs = null, predictionId, request, costMicroUsd } = line;
  const job = before ?? newStoredJob(id, null, key);
  const index = line.index === undefined ? job.index : line.index;
  const isSame = job.record.predictionId === predictionId;
  const kept = isSame ? {} : { prediction: null, files: [] };
  return {
    ...job,
    index,
    record: {
      ...job.record,
      ...kept,
      state,
      attempts,
      intendedAtMs,
      cancelAfterMs,
      predictionId,
      request,
      costMicroUsd,
    },
    openMicroUsd,
    paidMicroUsd,
  };
}
