import type { RunJournal, StoredJob } from './entries.ts';

/** The figures of a journal that holds all of its jobs in memory. */
export type JobSums = Pick<
  RunJournal,
  'savedCount' | 'counts' | 'spentMicroUsd' | 'openMicroUsd' | 'sessions' | 'noteSession' | 'close'
>;

/**
 * Returns the figures of a journal without files: jobs that the input no longer asks for count with
 * their money alone, and it has no earlier run.
 */
export function jobSums(jobs: () => readonly StoredJob[]): JobSums {
  const sum = (amountOf: (job: StoredJob) => number): number =>
    jobs().reduce((total, job) => total + amountOf(job), 0);
  const count = (...states: readonly StoredJob['record']['state'][]): number =>
    jobs().filter(({ index, record }) => index !== null && states.includes(record.state)).length;
  return {
    savedCount: () => count('saved'),
    counts: () => ({
      saved: count('saved'),
      failed: count('failed'),
      skipped: count('skipped'),
      unfinished: count('intended', 'created', 'ended', 'downloaded'),
    }),
    spentMicroUsd: () => sum(({ paidMicroUsd }) => paidMicroUsd),
    openMicroUsd: () => sum(({ openMicroUsd }) => openMicroUsd),
    sessions: () => [],
    noteSession: () => {},
    close: () => {},
  };
}
