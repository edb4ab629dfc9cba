import { toMicroUsd } from '../base/text.ts';
import type { Journal } from '../ports.ts';
import type { JobRecord, JournalEntry } from '../types.ts';

/** Numbers of a run's jobs by state. */
export interface JournalCounts {
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Started, but without an outcome. */
  readonly unfinished: number;
}

/** A run in a folder, as its journal remembers it. */
export interface RunSession {
  /** ms since 1970. */
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly apiRequests: number;
  /** Jobs that it has saved. */
  readonly saved: number;
}

/** An open journal with the figures for the run's budget and summary. */
export interface RunJournal extends Journal {
  /** Returns the number of saved jobs. */
  savedCount(): number;
  /** Counts the jobs by state. */
  counts(): JournalCounts;
  /**
   * Returns everything paid in this folder so far, in millionths of a US dollar; also for jobs that
   * the input no longer asks for.
   */
  spentMicroUsd(): number;
  /**
   * Returns the expected price of all open attempts: money that may be spent, but is not in
   * `spentMicroUsd` yet.
   */
  openMicroUsd(): number;
  /** Returns the earlier runs in this folder; a killed one with its last note. */
  sessions(): readonly RunSession[];
  /** Notes the progress of this run, in place of its last note. */
  noteSession(session: RunSession): void;
  /**
   * Flushes all entries and frees the folder. Throws `StorageError` if the file was deleted or
   * moved.
   */
  close(): void;
}

/** A job as a journal stores it: its public record, and its money. */
export interface StoredJob {
  /** Identifies the job for as long as the folder exists, at any index. */
  readonly id: number;
  /** Null if the input no longer asks for the job. */
  readonly index: number | null;
  readonly record: StoredRecord;
  /** Expected price of the open attempt; 0 if none is open or no price is known. */
  readonly openMicroUsd: number;
  /** Everything paid for the job so far. */
  readonly paidMicroUsd: number;
}

/** The record of a job, apart from its position in the input. */
export type StoredRecord = Omit<JobRecord, 'index'>;

/** An entry of one type. */
type Entry<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/** Returns a job without an entry, for a request that the journal does not know yet. */
export function newStoredJob(id: number, index: number | null, key: string): StoredJob {
  const record: StoredRecord = {
    key,
    state: 'ended',
    attempts: 0,
    intendedAtMs: null,
    predictionId: null,
    request: null,
    prediction: null,
    files: [],
    costMicroUsd: 0,
  };
  return { id, index, record, openMicroUsd: 0, paidMicroUsd: 0 };
}

/**
 * Returns a job with an entry added. `priceMicroUsd` is the price of its plan; null if none is
 * known.
 */
export function applyEntry(before: StoredJob, entry: JournalEntry, priceMicroUsd: number | null): StoredJob {
  const record = nextRecord(before.record, entry);
  const outcomeMicroUsd = costOf(entry);
  // A failed job whose prediction was paid may still be open, but nothing more will be paid for it.
  const isUnpaid = hasOpenAttempt(record) && outcomeMicroUsd <= record.costMicroUsd;
  return {
    ...before,
    record,
    openMicroUsd: isUnpaid ? reservedFor(before, entry, priceMicroUsd) : 0,
    paidMicroUsd: Math.max(
      isCorrection(before, entry) ? 0 : before.paidMicroUsd,
      record.costMicroUsd,
      outcomeMicroUsd,
    ),
  };
}

/** Returns the money that is reserved for an attempt: a fallback may be dearer than the plan. */
function reservedFor(before: StoredJob, entry: JournalEntry, priceMicroUsd: number | null): number {
  if (entry.type === 'intended' && entry.reservedMicroUsd !== undefined) return entry.reservedMicroUsd ?? 0;
  const isOpen = entry.type !== 'intended' && hasOpenAttempt(before.record);
  return isOpen ? before.openMicroUsd : (priceMicroUsd ?? 0);
}

/**
 * Returns true if an outcome corrects the one before it, of the same prediction: its cost was an
 * estimate, and may have been too high.
 */
function isCorrection({ record }: StoredJob, entry: JournalEntry): boolean {
  if (entry.type !== 'outcome' || record.state !== 'saved') return false;
  const { status, predictionId } = entry.outcome;
  return status === 'saved' && predictionId !== null && predictionId === record.predictionId;
}

function nextRecord(record: StoredRecord, entry: JournalEntry): StoredRecord {
  switch (entry.type) {
    case 'intended':
      return intended(record, entry);
    case 'created':
      return created(record, entry);
    case 'ended':
      return ended(record, entry);
    case 'downloaded': {
      const { prediction, files } = entry;
      return { ...record, state: 'downloaded', predictionId: prediction.id, prediction, files };
    }
    case 'outcome':
      return finished(record, entry);
  }
}

function intended(record: StoredRecord, entry: Entry<'intended'>): StoredRecord {
  const { attempt, atMs: intendedAtMs, request = null, cancelAfterMs = null } = entry;
  const { cancelAfterMs: _earlier, ...known } = record;
  const attempts = Math.max(record.attempts, attempt);
  const limit = cancelAfterMs === null ? {} : { cancelAfterMs };
  return { ...known, ...CLOSED, state: 'intended', attempts, intendedAtMs, request, ...limit };
}

function created(record: StoredRecord, { attempt, predictionId }: Entry<'created'>): StoredRecord {
  // Recorded again when a run resumes the prediction: files that are there already stay known.
  if (record.state === 'downloaded' && record.predictionId === predictionId) return record;
  const attempts = Math.max(record.attempts, attempt);
  return { ...record, state: 'created', attempts, predictionId, prediction: null, files: [] };
}

function ended(record: StoredRecord, { attempt, costMicroUsd }: Entry<'ended'>): StoredRecord {
  const attempts = Math.max(record.attempts, attempt);
  return {
    ...record,
    ...CLOSED,
    state: 'ended',
    attempts,
    costMicroUsd: record.costMicroUsd + costMicroUsd,
  };
}

/**
 * Records an outcome. A failed job keeps its open attempt, because its prediction may still be
 * available. A saved job without files keeps its prediction, which is the only copy of its output.
 */
function finished(record: StoredRecord, { outcome }: Entry<'outcome'>): StoredRecord {
  if (outcome.status !== 'saved') return { ...record, state: outcome.status };
  const prediction = outcome.files.length === 0 ? record.prediction : null;
  return { ...record, state: 'saved', predictionId: outcome.predictionId, prediction };
}

const CLOSED = {
  intendedAtMs: null,
  predictionId: null,
  request: null,
  prediction: null,
  files: [],
} as const;

function costOf(entry: JournalEntry): number {
  return entry.type === 'outcome' ? toMicroUsd(entry.outcome.costUsd ?? 0) : 0;
}

/** Returns true if the job may have a prediction whose output is needed and not yet saved. */
export function hasOpenAttempt({ state, intendedAtMs, predictionId }: StoredRecord): boolean {
  return state !== 'saved' && (intendedAtMs !== null || predictionId !== null);
}

/** Returns the id of the prediction that an entry names; null if it names none. */
export function predictionIdOf(entry: JournalEntry): string | null {
  switch (entry.type) {
    case 'created':
      return entry.predictionId;
    case 'downloaded':
      return entry.prediction.id;
    case 'outcome':
      return entry.outcome.predictionId;
    default:
      return null;
  }
}
