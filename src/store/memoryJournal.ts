import { defer, of } from 'rxjs';
import {
  applyEntry,
  createIndexSet,
  hasOpenAttempt,
  predictionIdOf,
  type RunJournal,
  type StoredJob,
} from './entries.ts';

/**
 * Creates a journal in memory, for runs without a folder and for tests. It confirms entries at once
 * and ends with the process. Takes some hundred bytes a job.
 */
export function createMemoryJournal(): RunJournal {
  const jobs = new Map<number, StoredJob>();
  const saved = createIndexSet();
  const predictionIds = new Set<string>();
  const sum = (amountOf: (job: StoredJob) => number): number =>
    [...jobs.values()].reduce((total, job) => total + amountOf(job), 0);
  const count = (...states: readonly StoredJob['record']['state'][]): number =>
    sum(({ record }) => (states.includes(record.state) ? 1 : 0));
  return {
    find: (index) => jobs.get(index)?.record,
    isSaved: saved.has,
    openIndexes: () => {
      const open = [...jobs.values()].filter(({ record }) => hasOpenAttempt(record));
      return new Set(open.map(({ record }) => record.index));
    },
    knownPredictionIds: () => predictionIds,
    record: (plan, entry) =>
      defer(() => {
        const job = applyEntry(jobs.get(plan.index), plan, entry);
        jobs.set(plan.index, job);
        if (job.record.state === 'saved') saved.add(plan.index);
        else saved.delete(plan.index);
        const predictionId = predictionIdOf(entry);
        if (predictionId !== null) predictionIds.add(predictionId);
        return of(undefined);
      }),
    savedCount: () => saved.size,
    counts: () => ({
      saved: saved.size,
      failed: count('failed'),
      skipped: count('skipped'),
      unfinished: count('intended', 'created', 'ended', 'downloaded'),
    }),
    spentMicroUsd: () => sum(({ paidMicroUsd }) => paidMicroUsd),
    openMicroUsd: () => sum(({ openMicroUsd }) => openMicroUsd),
    // It ends with the process, and so has no earlier run.
    sessions: () => [],
    noteSession: () => {},
    inputChanged: false,
    close: () => {},
  };
}
