import type { ActiveJob, Progress } from '../../src/cli/display/progress.ts';

/** Creates the progress of a run, of 10 jobs that have not started unless changed. */
export function progress(changes: Partial<Progress> = {}): Progress {
  return {
    again: 'the same command again',
    carried: [],
    leaves: 'stopped',
    sendsRequests: true,
    nothing: 'Nothing to make',
    folder: '/out/run',
    total: 10,
    expected: changes.total ?? 10,
    alreadySaved: 0,
    concurrency: 10,
    startedAtMs: 0,
    saved: 0,
    failed: 0,
    failuresByStage: { creation: 0, polling: 0, download: 0, rendering: 0, delivery: 0 },
    skipped: 0,
    costMicroUsd: 0,
    estimatedMicroUsd: 0,
    unpricedJobs: 0,
    costByModel: {},
    cached: 0,
    restored: 0,
    predictions: 0,
    retries: 0,
    throttles: 0,
    pausedUntilMs: 0,
    pauseReason: null,
    samePause: 0,
    serviceAwaySinceMs: null,
    filesAwaySinceMs: null,
    causes: [],
    sameCause: 0,
    recoverableFailures: 0,
    repeatingFailures: 0,
    skipReasons: new Map(),
    active: new Map(),
    ratePerMinute: null,
    ...changes,
  };
}

/** Creates `count` jobs in flight since 0. */
export function activeJobs(count: number, changes: Partial<ActiveJob> = {}): Map<number, ActiveJob> {
  const jobs = Array.from({ length: count }, (_, index) => ({
    index,
    prompt: `prompt ${index}`,
    state: 'running',
    attempt: 1,
    sinceMs: 0,
    ...changes,
  }));
  return new Map(jobs.map((job) => [job.index, job]));
}
