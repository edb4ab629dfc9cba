import { expect, it } from 'vitest';
import { createProgress } from '../../../src/cli/display/progress.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';

function started() {
  let nowMs = 0;
  const tracker = createProgress(() => nowMs);
  tracker.onEvent({ type: 'run.started', folder: '/out', total: 20, alreadySaved: 4, concurrency: 3 });
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { tracker, wait };
}

it('follows a job through its states until its outcome', () => {
  const { tracker, wait } = started();
  const state = () => tracker.progress().active.get(7);
  tracker.onEvent({
    type: 'prediction.creating',
    index: 7,
    prompt: 'a\x1b[1m fox\n',
    model: 'owner/name',
    attempt: 1,
  });
  expect(state()).toEqual({ index: 7, prompt: 'a fox', state: 'creating', attempt: 1, sinceMs: 0 });
  wait(500);
  tracker.onEvent({
    type: 'prediction.created',
    index: 7,
    prompt: 'a',
    predictionId: 'p',
    status: 'processing',
  });
  expect(state()).toMatchObject({ state: 'running', sinceMs: 0 });
  tracker.onEvent({ type: 'job.retried', index: 7, attempt: 2, error: outcomeError() });
  expect(state()).toMatchObject({ state: 'waiting', attempt: 2 });
  tracker.onEvent({ type: 'prediction.completed', index: 7, predictionId: 'p', status: 'succeeded' });
  expect(state()).toMatchObject({ state: 'downloading' });
  tracker.onEvent({ type: 'prediction.completed', index: 7, predictionId: 'p', status: 'processing' });
  expect(state()).toMatchObject({ state: 'downloading' });
  tracker.onEvent({ type: 'image.downloaded', index: 7, bytes: 5 });
  expect(state()).toMatchObject({ state: 'saving', prompt: 'a fox' });
  tracker.onEvent({ type: 'image.saved', outcome: outcome(7) });
  expect(tracker.progress()).toMatchObject({ saved: 1, predictions: 1, retries: 1 });
  expect(tracker.progress().active.size).toBe(0);
});

it('shows a job that an earlier run has created', () => {
  const { tracker } = started();
  tracker.onEvent({
    type: 'prediction.created',
    index: 3,
    prompt: 'a',
    predictionId: 'p',
    status: 'starting',
  });
  expect(tracker.progress().active.get(3)).toMatchObject({ prompt: '', state: 'queued' });
});

it('counts money in whole millionths and reports a missing price', () => {
  const { tracker } = started();
  for (let index = 0; index < 10; index += 1) {
    tracker.onEvent({ type: 'image.saved', outcome: outcome(index, { costUsd: 0.1 }) });
  }
  expect(tracker.progress()).toMatchObject({ costMicroUsd: 1_000_000, unpricedJobs: 0 });
  tracker.onEvent({ type: 'image.saved', outcome: outcome(10, { costUsd: null }) });
  expect(tracker.progress()).toMatchObject({ costMicroUsd: 1_000_000, unpricedJobs: 1 });
  tracker.onEvent({ type: 'image.saved', outcome: outcome(11, { costUsd: 0.1 }), paidBefore: true });
  expect(tracker.progress()).toMatchObject({ saved: 12, costMicroUsd: 1_000_000 });
});

it('counts no image that an earlier run has paid for into the mean cost of one', () => {
  const { tracker } = started();
  const file = { role: 'original', name: 'original', path: 'a.png', width: 8, height: 8 } as const;
  const made = (index: number) =>
    outcome(index, {
      ...{ costUsd: 0.1, metrics: { predict_time: index } },
      files: [{ ...file, format: 'png', bytes: 1, sha256: '00' }],
    });
  tracker.onEvent({ type: 'image.saved', outcome: made(1) });
  tracker.onEvent({ type: 'image.saved', outcome: made(9), paidBefore: true });
  expect(tracker.progress()).toMatchObject({ saved: 2, restored: 1, cached: 0 });
  expect(Object.values(tracker.progress().costByModel)).toMatchObject([
    { saved: 2, images: 1, costUsd: 0.1, meanUsdPerImage: 0.1, meanSecondsPerRun: 1 },
  ]);
});

it('groups failures by cause, stage and prospects of another run', () => {
  const { tracker } = started();
  for (let index = 0; index < 9; index += 1) {
    const change = index > 6 ? { recoverable: true, stage: 'download' as const } : { code: 'ERR_SAFETY' };
    const error = outcomeError({ message: `Prediction p${index} failed`, ...change });
    tracker.onEvent({ type: 'job.failed', outcome: outcome(index, { status: 'failed', error }) });
  }
  const { failed, causes, failuresByStage, ...others } = tracker.progress();
  expect(failuresByStage).toEqual({ creation: 0, polling: 7, download: 2, rendering: 0, delivery: 0 });
  expect(others).toMatchObject({ recoverableFailures: 2, repeatingFailures: 7, sameCause: 2 });
  expect(failed).toBe(9);
  expect(causes.map(({ count, indexes }) => [count, ...indexes])).toEqual([
    [7, 0, 1, 2],
    [2, 7, 8],
  ]);
});

it('knows since when it waits for the service, or for files', () => {
  const { tracker } = started();
  const away = () => {
    const { serviceAwaySinceMs, filesAwaySinceMs } = tracker.progress();
    return [serviceAwaySinceMs, filesAwaySinceMs];
  };
  const [error, maxMs] = [outcomeError(), 1];
  tracker.onEvent({ type: 'outage.began', of: 'service', error, maxMs });
  expect(away()).toEqual([0, null]);
  tracker.onEvent({ type: 'outage.began', of: 'files', error, maxMs });
  tracker.onEvent({ type: 'outage.ended', of: 'service', awayMs: 5 });
  expect(away()).toEqual([null, 0]);
  tracker.onEvent({ type: 'outage.ended', of: 'files', awayMs: 5 });
  expect(away()).toEqual([null, null]);
});

it('counts reasons to skip that differ in the id of a prediction as one', () => {
  const tracker = createProgress(() => 0);
  const skip = (message: string) => {
    const error = { ...outcomeError(), message };
    tracker.onEvent({ type: 'job.skipped', outcome: outcome(1, { status: 'skipped', error }) });
  };
  const cancelled = (id: string) => skip(`Prediction ${id} was cancelled.`);
  cancelled('abcdefghijklmnopqrstuvwx01');
  expect([...tracker.progress().skipReasons]).toEqual([
    ['Prediction abcdefghijklmnopqrstuvwx01 was cancelled.', 1],
  ]);
  cancelled('abcdefghijklmnopqrstuvwx02');
  for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) skip(word);
  expect([...tracker.progress().skipReasons]).toEqual([
    ['Their predictions were cancelled.', 2],
    ...['one', 'two', 'three', 'four'].map((word) => [word, 1]),
    ['', 2],
  ]);
});

it('remembers the longest pause and the reasons to skip', () => {
  const { tracker } = started();
  tracker.onEvent({ type: 'rate.paused', waitMs: 5_000, reason: 'refused' });
  tracker.onEvent({ type: 'rate.paused', waitMs: 2_000, reason: 'refused' });
  const error = outcomeError({ message: 'over budget' });
  tracker.onEvent({ type: 'job.skipped', outcome: outcome(1, { status: 'skipped', error }) });
  expect(tracker.progress()).toMatchObject({
    throttles: 2,
    pausedUntilMs: 5_000,
    skipped: 1,
    skipReasons: new Map([['over budget', 1]]),
    ratePerMinute: null,
  });
});

it('has the reason of a pause, in the words of the service, as long as it lasts', () => {
  const { tracker, wait } = started();
  const pause = (waitMs: number, message?: string) => {
    const why = message === undefined ? {} : { message };
    tracker.onEvent({ type: 'rate.paused', waitMs, reason: 'refused', ...why });
    const { pauseReason, samePause } = tracker.progress();
    return [pauseReason, samePause];
  };
  expect(pause(1_000, 'Throttled for 1 second.')).toEqual([null, 0]);
  expect(pause(8_000, 'Your \x1b[31mspend limit\n is reached: $5.')).toEqual([
    'Your spend limit is reached: $5.',
    1,
  ]);
  wait(8_000);
  expect(pause(16_000, 'Your spend limit is reached: $6.')).toEqual(['Your spend limit is reached: $6.', 2]);
  expect(pause(1_000)).toEqual(['Your spend limit is reached: $6.', 2]);
  wait(16_000);
  expect(pause(6_000)).toEqual([null, 2]);
});
