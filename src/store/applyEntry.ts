import type { JobRecord, JournalEntry } from '../ports.ts';
import type { Plan } from '../types.ts';
import { hasOpenAttempt } from './hasOpenAttempt.ts';
import type { StoredJob } from './StoredJob.ts';

/** An entry of one type. */
type Entry<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/**
 * What is known about a job once an entry has been added. `before` is undefined where nothing was known, and does not
 * count, but for the money, where it tells of another request (the input was changed).
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

function intended(record: JobRecord, { attempt, atMs, request }: Entry<'intended'>): JobRecord {
  const attempts = Math.max(record.attempts, attempt);
  return { ...record, ...CLOSED, state: 'intended', attempts, intendedAtMs: atMs, request: request ?? null };
}

function created(record: JobRecord, { attempt, predictionId }: Entry<'created'>): JobRecord {
  // Told again when a run takes the prediction up: the files that may be there already stay known.
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

/** A failed job keeps its open attempt: its prediction may still be had. What left no files is nowhere but in its prediction. */
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
  return entry.type === 'outcome' ? Math.round((entry.outcome.costUsd ?? 0) * 1_000_000) : 0;
}
