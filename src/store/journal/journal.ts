import { join, resolve } from 'node:path';
import type { SchedulerLike } from 'rxjs';
import { expectOption, expectOptions, isText, type OptionRules, optionRules } from '../../base/options.ts';
import type { ImageFile, Outcome, Plan } from '../../types.ts';
import { applyEntry, newStoredJob, predictionIdOf, type RunJournal, type StoredJob } from '../entries.ts';
import { makeRoomForMany, toJournalError } from './database.ts';
import { checksumOfFile, type DatabaseAndLog, openDatabaseAndLog } from './databaseAndLog.ts';
import { createGroupCommit } from './groupCommit.ts';
import { createJobMatching, type JobMatching } from './jobMatching.ts';
import type { JobTable } from './jobTable.ts';
import { createJournalGuard } from './journalGuard.ts';
import {
  checkConditions,
  conditionRules,
  createRunTable,
  type FolderConditions,
  type JournalInput,
  type RunTable,
} from './runTable.ts';
import { createSavedIndexes } from './savedIndexes.ts';

export interface OpenJournalConfig extends FolderConditions {
  /** Time that the first entry of a group waits for others to share its flush. Default 2. */
  flushEveryMs?: number | undefined;
  /** Clock of that wait. Default monotonicScheduler. */
  scheduler?: SchedulerLike | undefined;
}

const rules: OptionRules<OpenJournalConfig> = {
  ...conditionRules,
  flushEveryMs: optionRules.wait,
  scheduler: optionRules.scheduler,
};

/** A saved job as the manifest has it. */
export interface SavedJob {
  readonly outcome: Outcome;
  /** Its originals; their paths are absolute. */
  readonly files: readonly ImageFile[];
}

/** The journal of a run folder. */
export interface FolderJournal
  extends RunJournal,
    Pick<
      JobTable & RunTable,
      'unaccounted' | 'knowsPrediction' | 'models' | 'input' | 'movePhase' | 'setMovePhase' | 'fileMoves'
    > {
  /** Repairs that were made when it was opened, in words; empty if none was needed. */
  readonly repairs: readonly string[];
  /** Returns true if no job was ever recorded. */
  isEmpty(): boolean;
  /** Begins to match the folder's jobs with those of another input. */
  matching(): JobMatching;
  /**
   * Notes the input, and with `matching` the jobs' new indexes and the files to move: all of it, or
   * after a kill nothing.
   */
  setInput(input: JournalInput, matching?: JobMatching): void;
  /**
   * Enters saved outcomes that another witness has, all or none; of a job that is known as saved,
   * its files alone.
   */
  restore(jobs: readonly SavedJob[]): void;
}

/**
 * Opens the journal of a run folder for this run alone; creates it if there is none. It is
 * `run.sqlite`, and `journal.jsonl` as its second witness (`entryLog.ts`).
 *
 * Memory: one bit a job, and the records of jobs in flight. An entry that was recorded is written
 * even after an unsubscribe.
 *
 *     record(plan, intended)   ---(.|)    flushed, together with the other entries of that time
 *
 * Throws `UsageError` if the folder is in use, damaged beyond repair, or belongs to another service
 * or another fixed input; `StorageError` if it cannot be written. `record` emits `StorageError` if
 * the disk refuses or the file was deleted or moved.
 */
export function openJournal(folder: string, config: OpenJournalConfig = {}): FolderJournal {
  expectOption(isText(folder), 'folder', 'a path', folder);
  expectOptions(config, rules);
  const root = resolve(folder);
  const path = join(root, 'run.sqlite');
  const files = openFiles(root, path);
  try {
    checkConditions(files.database, folder, config);
    return journalOf({ ...config, ...files, folder: root, path });
  } catch (error) {
    files.database.close();
    files.log.close();
    throw toJournalError(error, path);
  }
}

function openFiles(folder: string, path: string): DatabaseAndLog {
  try {
    return openDatabaseAndLog({ folder, path, logPath: join(folder, 'journal.jsonl') });
  } catch (error) {
    throw toJournalError(error, path);
  }
}

interface OpenedJournal extends OpenJournalConfig, DatabaseAndLog {
  /** Absolute. */
  folder: string;
  path: string;
}

function journalOf(opened: OpenedJournal): FolderJournal {
  const { database, table, log, repairs, folder, path } = opened;
  const saved = createSavedIndexes(table);
  // The stored records of jobs in flight, so that an entry costs a write but no read.
  const inFlight = new Map<number, StoredJob>();
  const guard = createJournalGuard(database, path);
  const run = createRunTable(database);
  const commits = createGroupCommit({
    ...opened,
    disk: guard,
    beforeCommit: () => run.setLogSeq(log.reserve()),
    afterCommit: () => {
      log.hold();
      saved.keep();
    },
    afterFlush: log.write,
    onRollback: () => {
      log.undo();
      saved.undo();
      // The records have to be read from the table again.
      inFlight.clear();
    },
  });
  const jobOf = (plan: Pick<Plan, 'index' | 'key'>): { job: StoredJob; isNew: boolean } => {
    const known = inFlight.get(plan.index) ?? table.at(plan.index);
    if (known?.record.key === plan.key) return { job: known, isNew: false };
    // Another request has this index now: the payments of the one before stay on record.
    if (known !== undefined) table.put({ ...known, index: null });
    return { job: newStoredJob(table.newId(), plan.index, plan.key), isNew: true };
  };
  /** Gives a job that was built from the log the index of its outcome. */
  const placed = ({ index, key, predictionId }: Outcome): { job: StoredJob; isNew: boolean } | null => {
    const other = table.at(index);
    if (predictionId === null || other?.record.key === key) return null;
    const job = table.unplaced(key, predictionId);
    if (job !== undefined && other !== undefined) table.put({ ...other, index: null });
    return job === undefined ? null : { job: { ...job, index }, isNew: false };
  };
  const restore = ({ outcome, files }: SavedJob): void => {
    const moved = placed(outcome);
    const { job: before, isNew } = moved ?? jobOf(outcome);
    const known = { ...before, record: { ...before.record, files } };
    const isKnown = moved === null && before.record.state === 'saved';
    const job = isKnown ? known : applyEntry(known, { type: 'outcome', outcome }, null);
    table.put(job);
    saved.note(outcome.index, true);
    if (isKnown) return;
    log.add(job, isNew);
    if (outcome.predictionId !== null) table.addPredictionId(outcome.predictionId);
  };
  const transaction = (change: () => void): void => {
    commits.transaction(change);
    inFlight.clear();
  };
  return {
    repairs,
    unaccounted: table.unaccounted,
    knowsPrediction: table.knowsPrediction,
    models: () => explained(path, table.models),
    isEmpty: () => database.prepare('SELECT 1 FROM job LIMIT 1').get() === undefined,
    input: run.input,
    matching: () => createJobMatching(database, table, folder),
    setInput: (input, matching) =>
      transaction(() => {
        run.setInput(input);
        if (matching === undefined) return;
        matching.apply(log.place);
        saved.read();
        run.setLogSeq(log.reserve());
        run.setMovePhase('gather');
      }),
    movePhase: run.movePhase,
    fileMoves: run.fileMoves,
    setMovePhase: (phase) => transaction(() => run.setMovePhase(phase)),
    restore: (jobs) => {
      makeRoomForMany(database);
      transaction(() => {
        for (const one of jobs) restore(one);
        run.setLogSeq(log.reserve());
      });
    },
    find: (index) =>
      explained(path, () => {
        const job = table.at(index);
        return job === undefined ? undefined : { index, ...job.record, openMicroUsd: job.openMicroUsd };
      }),
    isSaved: (index) => saved.has(index),
    openIndexes: () => explained(path, table.openIndexes),
    knownPredictionIds: table.predictionIds,
    record: (plan, entry) => {
      const isSaved = entry.type === 'outcome' && entry.outcome.status === 'saved';
      return commits.write(() => {
        const { job: before, isNew } = jobOf(plan);
        const job = applyEntry(before, entry, plan.priceMicroUsd);
        table.put(job);
        saved.note(plan.index, isSaved);
        // Downloads are about files alone.
        if (entry.type !== 'downloaded' || isNew) log.add(job, isNew);
        const predictionId = predictionIdOf(entry);
        if (predictionId !== null && predictionId !== before.record.predictionId) {
          table.addPredictionId(predictionId);
        }
        if (entry.type === 'outcome') inFlight.delete(plan.index);
        else inFlight.set(plan.index, job);
      });
    },
    savedCount: () => saved.size,
    counts: () => explained(path, table.counts),
    sessions: () => explained(path, run.sessions),
    noteSession: (session) => explained(path, () => run.noteSession(session)),
    spentMicroUsd: () => explained(path, table.paidMicroUsd),
    openMicroUsd: () => explained(path, table.openMicroUsd),
    close: () => {
      commits.flush();
      let isWhole = false;
      try {
        guard.check();
        isWhole = run.countEnd(log.lastSeq + 1);
      } finally {
        database.close();
        guard.close();
        log.close(isWhole ? checksumOfFile(path) : undefined);
      }
    },
  };
}

function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toJournalError(error, path);
  }
}
