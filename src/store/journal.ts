import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type SchedulerLike, tap } from 'rxjs';
import { UsageError } from '../errors.ts';
import type { JournalEntry } from '../types.ts';
import { openDatabase, toJournalError } from './database.ts';
import {
  applyEntry,
  createIndexSet,
  type IndexSet,
  type JournalCounts,
  predictionIdOf,
  type RunJournal,
  type StoredJob,
} from './entries.ts';
import { createGroupCommit } from './groupCommit.ts';
import { createJobTable, type JobTable } from './jobTable.ts';
import { createJournalGuard } from './journalGuard.ts';

export interface OpenJournalConfig extends FingerprintConfig {
  /** Time that the first entry of a group waits for others to share its flush. Default 2. */
  flushEveryMs?: number | undefined;
  /** Clock of that wait. Default asyncScheduler. */
  scheduler?: SchedulerLike | undefined;
}

/**
 * Opens the journal of a run folder (`run.sqlite`) for this run alone; creates it if there is none.
 *
 * Memory: one bit a job, and the records of jobs in flight. An entry that was recorded is written
 * even after an unsubscribe.
 *
 *     record(plan, intended)   ---(.|)    flushed, together with the other entries of that time
 *
 * Throws `UsageError` if the folder is in use, damaged, or belongs to another input; `StorageError`
 * if it cannot be written. `record` emits `StorageError` if the disk refuses or the file was
 * deleted or moved.
 */
export function openJournal(folder: string, config: OpenJournalConfig = {}): RunJournal {
  const root = resolve(folder);
  const path = join(root, 'run.sqlite');
  const database = openDatabase(path);
  try {
    const inputChanged = checkFingerprint(database, folder, config);
    return journalOf({ ...config, database, folder: root, path, inputChanged });
  } catch (error) {
    database.close();
    throw toJournalError(error, path);
  }
}

interface OpenedJournal extends OpenJournalConfig {
  database: DatabaseSync;
  /** Absolute. */
  folder: string;
  path: string;
  inputChanged: boolean;
}

function journalOf({
  database,
  folder,
  path,
  inputChanged,
  flushEveryMs,
  scheduler,
}: OpenedJournal): RunJournal {
  const table = createJobTable(database, folder);
  const saved = savedIndexes(table);
  // The stored records of jobs in flight, so that an entry costs a write but no read.
  const inFlight = new Map<number, StoredJob>();
  const guard = createJournalGuard(database, path);
  const commits = createGroupCommit({ database, path, check: guard.check, flushEveryMs, scheduler });
  return {
    find: (index) => explained(path, () => table.get(index)?.record),
    isSaved: saved.has,
    openIndexes: () => explained(path, table.openIndexes),
    knownPredictionIds: table.predictionIds,
    record: (plan, entry) => {
      const write = commits.write(() => {
        const before = inFlight.get(plan.index) ?? table.get(plan.index);
        const job = applyEntry(before, plan, entry);
        table.put(job);
        const predictionId = predictionIdOf(entry);
        if (predictionId !== null && predictionId !== before?.record.predictionId) {
          table.addPredictionId(predictionId);
        }
        if (entry.type === 'outcome') inFlight.delete(plan.index);
        else inFlight.set(plan.index, job);
      });
      return write.pipe(
        tap({
          next: () => noteSaved(saved, plan.index, entry),
          // The group was rolled back: records have to be read from the table again.
          error: () => inFlight.clear(),
        }),
      );
    },
    savedCount: () => saved.size,
    counts: () => explained(path, () => countsOf(table)),
    spentMicroUsd: () => explained(path, table.paidMicroUsd),
    openMicroUsd: () => explained(path, table.openMicroUsd),
    sessions: () => [],
    noteSession: () => {},
    inputChanged,
    close: () => {
      commits.flush();
      try {
        guard.check();
      } finally {
        database.close();
        guard.close();
      }
    },
  };
}

function savedIndexes(table: JobTable): IndexSet {
  const saved = createIndexSet();
  for (const index of table.indexesOf('saved')) saved.add(index);
  return saved;
}

function noteSaved(saved: IndexSet, index: number, entry: JournalEntry): void {
  if (entry.type === 'outcome' && entry.outcome.status === 'saved') saved.add(index);
  else saved.delete(index);
}

function countsOf(table: JobTable): JournalCounts {
  const { saved = 0, failed = 0, skipped = 0, ...unfinished } = Object.fromEntries(table.counts());
  return {
    saved,
    failed,
    skipped,
    unfinished: Object.values(unfinished).reduce((sum, jobs) => sum + jobs, 0),
  };
}

function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toJournalError(error, path);
  }
}

interface FingerprintConfig {
  /** Hash of the input and of all settings that change requests. Default: not checked. */
  fingerprint?: string | undefined;
  /**
   * Fingerprints of inputs that this one only adds to: a folder started with one of them belongs to
   * the same run. Default: none.
   */
  extendedFrom?: readonly string[] | undefined;
  /** Accepts a different fingerprint, and stores it. Default false. */
  resumeAnyway?: boolean | undefined;
}

/**
 * Compares the run's fingerprint with the one that the folder was started with; stores it if there
 * is none. Returns true if the folder ever had jobs of another input: then saved images may belong
 * to other requests. Throws `UsageError` if they differ and `resumeAnyway` is not set.
 */
function checkFingerprint(database: DatabaseSync, folder: string, config: FingerprintConfig): boolean {
  const { fingerprint, extendedFrom = [], resumeAnyway = false } = config;
  const stored = database.prepare('SELECT fingerprint FROM run').get()?.fingerprint ?? null;
  if (fingerprint !== undefined && stored !== fingerprint) {
    const isOther = stored !== null && !extendedFrom.some((earlier) => earlier === stored);
    if (isOther && !resumeAnyway) throw otherInput(folder);
    if (isOther) database.exec(NOTE_CHANGE);
    database.prepare('UPDATE run SET fingerprint = ?').run(fingerprint);
  }
  return database.prepare(FIND_CHANGE).get() !== undefined;
}

const NOTE_CHANGE = 'CREATE TABLE IF NOT EXISTS input_changed (never_filled INTEGER) STRICT';
const FIND_CHANGE = "SELECT name FROM sqlite_schema WHERE name = 'input_changed'";

function otherInput(folder: string): UsageError {
  return new UsageError(`${folder} was started with another input or other settings.`, {
    suggestion:
      'Choose another folder with --out, or continue in this one with --resume-anyway: jobs whose request is unchanged keep their images.',
  });
}
