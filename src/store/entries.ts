import { toMicroUsd } from '../base/text.ts';
import type { Journal } from '../ports.ts';
import type { JobRecord, JournalEntry, Plan } from '../types.ts';

/** Numbers of a run's jobs by state. */
export interface JournalCounts {
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Started, but without an outcome. */
  readonly unfinished: number;
}

/** An open journal with the figures for the run's budget and summary. */
export interface RunJournal extends Journal {
  /** Returns the number of saved jobs. */
  savedCount(): number;
  /** Counts the jobs by state. */
  counts(): JournalCounts;
  /** Returns everything paid in this folder so far, in millionths of a US dollar. */
  spentMicroUsd(): number;
  /**
   * Returns the expected price of all open attempts: money that may be spent, but is not in
   * `spentMicroUsd` yet.
   */
  openMicroUsd(): number;
  /**
   * True if `resumeAnyway` once let another input into this folder: compare `find(index).key`
   * before relying on `isSaved`.
   */
  readonly inputChanged: boolean;
  /**
   * Flushes all entries and frees the folder. Throws `StorageError` if the file was deleted or
   * moved.
   */
  close(): void;
}

/** A job as a journal stores it: its public record, and the money. */
export interface StoredJob {
  readonly record: JobRecord;
  /** Expected price of the open attempt; 0 if none is open or no price is known. */
  readonly openMicroUsd: number;
  /** Paid under other keys, before the input changed at this index. */
  readonly earlierMicroUsd: number;
  /** Everything paid at this index so far. */
  readonly paidMicroUsd: number;
}

/** A set of job indexes of one bit each: a million jobs take 125 kB. */
export interface IndexSet {
  add(index: number): void;
  delete(index: number): void;
  has(index: number): boolean;
  readonly size: number;
}

/** Creates an empty set of indexes (integers of 0 or more). It grows as needed. */
export function createIndexSet(): IndexSet {
  let bytes = new Uint8Array(1024);
  let size = 0;
  const has = (index: number): boolean => (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
  const flip = (index: number): void => {
    const offset = index >>> 3;
    if (offset >= bytes.length) {
      const smaller = bytes;
      bytes = new Uint8Array(Math.max(offset + 1, smaller.length * 2));
      bytes.set(smaller);
    }
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (index & 7));
  };
  return {
    add(index) {
      if (has(index)) return;
      flip(index);
      size += 1;
    },
    delete(index) {
      if (!has(index)) return;
      flip(index);
      size -= 1;
    },
    has,
    get size() {
      return size;
    },
  };
}

/** An entry of one type. */
type Entry<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/**
 * Returns a job with an entry added. `before` is undefined if the job is new. If `before` belongs
 * to another request (the input was changed), only its money counts.
 */
export function applyEntry(before: StoredJob | undefined, plan: Plan, entry: JournalEntry): StoredJob {
  const known = before?.record.key === plan.key ? before : undefined;
  const earlierMicroUsd = known?.earlierMicroUsd ?? before?.paidMicroUsd ?? 0;
  const record = nextRecord(known?.record ?? newRecord(plan), entry);
  const outcomeMicroUsd = costOf(entry);
  const settledMicroUsd = Math.max(
    (known?.paidMicroUsd ?? earlierMicroUsd) - earlierMicroUsd,
    record.costMicroUsd,
    outcomeMicroUsd,
  );
  // A failed job whose prediction was paid may still be open, but nothing more will be paid for it.
  const isUnpaid = hasOpenAttempt(record) && outcomeMicroUsd <= record.costMicroUsd;
  return {
    record,
    openMicroUsd: isUnpaid ? (plan.priceMicroUsd ?? 0) : 0,
    earlierMicroUsd,
    paidMicroUsd: earlierMicroUsd + settledMicroUsd,
  };
}

function newRecord({ index, key }: Plan): JobRecord {
  return {
    index,
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
}

function nextRecord(record: JobRecord, entry: JournalEntry): JobRecord {
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

function intended(record: JobRecord, entry: Entry<'intended'>): JobRecord {
  const { attempt, atMs: intendedAtMs, request = null, cancelAfterMs = null } = entry;
  const { cancelAfterMs: _earlier, ...known } = record;
  const attempts = Math.max(record.attempts, attempt);
  const limit = cancelAfterMs === null ? {} : { cancelAfterMs };
  return { ...known, ...CLOSED, state: 'intended', attempts, intendedAtMs, request, ...limit };
}

function created(record: JobRecord, { attempt, predictionId }: Entry<'created'>): JobRecord {
  // Recorded again when a run resumes the prediction: files that are there already stay known.
  if (record.state === 'downloaded' && record.predictionId === predictionId) return record;
  const attempts = Math.max(record.attempts, attempt);
  return { ...record, state: 'created', attempts, predictionId, prediction: null, files: [] };
}

function ended(record: JobRecord, { attempt, costMicroUsd }: Entry<'ended'>): JobRecord {
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
function finished(record: JobRecord, { outcome }: Entry<'outcome'>): JobRecord {
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
export function hasOpenAttempt({ state, intendedAtMs, predictionId }: JobRecord): boolean {
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
