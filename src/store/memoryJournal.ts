import { defer, of } from 'rxjs';
import { createIndexSet } from '../base/indexSet.ts';
import type { Plan } from '../types.ts';
import {
  applyEntry,
  hasOpenAttempt,
  newStoredJob,
  predictionIdOf,
  type RunJournal,
  type StoredJob,
} from './entries.ts';
import { jobSums } from './jobSums.ts';

/**
 * Creates a journal in memory, for runs without a folder and for tests. It confirms entries at once
 * and ends with the process. Takes some hundred bytes a job.
 */
export function createMemoryJournal(): RunJournal {
  const jobs = new Map<number, StoredJob>();
  /** Jobs whose index another request has now. */
  const unused: StoredJob[] = [];
  const saved = createIndexSet();
  const predictionIds = new Set<string>();
  let lastId = 0;
  const jobOf = (plan: Plan): StoredJob => {
    const known = jobs.get(plan.index);
    if (known?.record.key === plan.key) return known;
    if (known !== undefined) unused.push({ ...known, index: null });
    lastId += 1;
    return newStoredJob(lastId, plan.index, plan.key);
  };
  return {
    find: (index) => {
      const job = jobs.get(index);
      return job === undefined ? undefined : { index, ...job.record, openMicroUsd: job.openMicroUsd };
    },
    isSaved: saved.has,
    openIndexes: () =>
      new Set([...jobs].filter(([, { record }]) => hasOpenAttempt(record)).map(([index]) => index)),
    knownPredictionIds: () => predictionIds,
    record: (plan, entry) =>
      defer(() => {
        const job = applyEntry(jobOf(plan), entry, plan.priceMicroUsd);
        jobs.set(plan.index, job);
        if (job.record.state === 'saved') saved.add(plan.index);
        else saved.delete(plan.index);
        const predictionId = predictionIdOf(entry);
        if (predictionId !== null) predictionIds.add(predictionId);
        return of(undefined);
      }),
    ...jobSums(() => [...jobs.values(), ...unused]),
  };
}
