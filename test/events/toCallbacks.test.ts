import { VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import type { BatchProgress } from '../../src/events/jobProgress.ts';
import { toCallbacks } from '../../src/events/listeners.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { outcome, outcomeError } from '../helpers/outcomes.ts';
import { warnings } from '../helpers/warnings.ts';

const warned = warnings();
const totals = {
  total: 3,
  alreadySaved: 0,
  saved: 1,
  failed: 1,
  skipped: 1,
  costUsd: 0,
  costIncomplete: false,
};
const events: RunEvent[] = [
  { type: 'run.started', folder: '/run', total: 3, alreadySaved: 0, concurrency: 1 },
  { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p', status: 'starting' },
  { type: 'job.retried', index: 0, attempt: 2, error: outcomeError() },
  { type: 'rate.paused', waitMs: 5, reason: 'refused' },
  { type: 'image.saved', outcome: outcome(0) },
  { type: 'job.fallback', index: 1, model: 'other/one', error: outcomeError() },
  { type: 'job.postponed', index: 1, error: outcomeError() },
  { type: 'budget.warning', limitMicroUsd: 10, reservedMicroUsd: 8, spentMicroUsd: 0 },
  { type: 'job.failed', outcome: outcome(1, { status: 'failed' }) },
  { type: 'warning', message: 'w' },
  { type: 'job.skipped', outcome: outcome(2, { status: 'skipped' }) },
  { type: 'run.completed', totals, elapsedMs: 1 },
];

it('calls each callback with its events, in order', () => {
  const called: string[] = [];
  const emit = toCallbacks({
    onStart: ({ total }) => void called.push(`start ${total}`),
    onProgress: ({ done, percent }) => void called.push(`progress ${done} ${Math.round(percent)}`),
    onImage: ({ index }) => void called.push(`image ${index}`),
    onResult: ({ index, status }) => void called.push(`result ${index} ${status}`),
    onFailure: ({ index }) => void called.push(`failure ${index}`),
    onRetry: ({ type, index }) => void called.push(`retry ${index} ${type}`),
    onPause: ({ waitMs }) => void called.push(`pause ${waitMs}`),
    onWarning: ({ type }) => void called.push(`warning ${type}`),
    onComplete: ({ totals: { saved } }) => void called.push(`complete ${saved}`),
  });
  for (const event of events) emit(event);
  expect(called).toEqual([
    'start 3',
    'progress 0 0',
    'retry 0 job.retried',
    'pause 5',
    'image 0',
    'result 0 saved',
    'progress 1 33',
    'retry 1 job.fallback',
    'retry 1 job.postponed',
    'warning budget.warning',
    'failure 1',
    'result 1 failed',
    'progress 2 67',
    'warning warning',
    'result 2 skipped',
    'progress 3 100',
    'complete 1',
  ]);
});

it('keeps a callback that throws from none of the others', () => {
  const results: number[] = [];
  const emit = toCallbacks({
    onImage: () => {
      throw new Error('no image');
    },
    onResult: ({ index }) => void results.push(index),
  });
  for (const event of events) emit(event);
  expect(results).toEqual([0, 1, 2]);
  expect(warned()).toEqual([expect.stringContaining('no image')]);
});

it('calls methods as methods, and needs none of them', () => {
  class Counter {
    images = 0;
    onImage(): void {
      this.images += 1;
    }
  }
  const counter = new Counter();
  const emit = toCallbacks(counter);
  for (const event of events) emit(event);
  expect(counter.images).toBe(1);
  expect(warned()).toEqual([]);
});

it('follows each job from its create request to its end', () => {
  const scheduler = new VirtualTimeScheduler();
  const steps: string[] = [];
  const emit = toCallbacks(
    {
      onJobProgress: ({ index, prompt, status, predictionId, elapsedMs }) =>
        void steps.push([index, prompt, status, predictionId, elapsedMs].join(' ')),
    },
    { scheduler },
  );
  const creating = { type: 'prediction.creating', index: 0, prompt: 'a', model: 'o/n' } as const;
  const failed = outcome(0, { status: 'failed', prompt: 'a', predictionId: 'q' });
  const happening: readonly [atMs: number, event: RunEvent][] = [
    [100, { ...creating, attempt: 1 }],
    [300, { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p', status: 'starting' }],
    [900, { ...creating, attempt: 2 }],
    [950, { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'q', status: 'starting' }],
    // One that an earlier run had created, and one from the cache.
    [950, { type: 'prediction.created', index: 7, prompt: 'b', predictionId: 'r', status: 'processing' }],
    [950, { type: 'image.saved', outcome: outcome(8, { prompt: 'c', predictionId: 's', cached: true }) }],
    [1_500, { type: 'job.failed', outcome: failed }],
    [1_700, { type: 'image.saved', outcome: outcome(7, { prompt: 'b', predictionId: 'r' }) }],
  ];
  for (const [atMs, event] of happening) scheduler.schedule(() => emit(event), atMs);
  scheduler.flush();
  expect(steps).toEqual([
    '0 a creating  0',
    '0 a processing p 200', // 300 - 100
    '0 a creating  800', // 900 - 100
    '0 a processing q 850',
    '7 b processing r 0',
    '8 c saved s 0',
    '0 a failed q 1400',
    '7 b saved r 750', // 1,700 - 950
  ]);
});

it.each([
  ['of the size of the first one', 25, 0, [10, 10, 5], [3, 3, 3]],
  ['of the jobs that are left', 12, 10, [2], [1]],
  ['of which there are more than it seemed', 2, 0, [2, 2], [1, 2]],
])('counts batches %s', (_, total, alreadySaved, sizes, totals) => {
  const ended: BatchProgress[] = [];
  const emit = toCallbacks({ onBatchComplete: (batch) => void ended.push(batch) });
  emit({ type: 'run.started', folder: '/run', total, alreadySaved, concurrency: 1 });
  sizes.forEach((jobs, index) => {
    emit({ type: 'wave.started', wave: index + 1, jobs });
    emit({ type: 'wave.completed', wave: index + 1, jobs, saved: jobs - 1, failed: 1, elapsedMs: 50 });
  });
  expect(ended).toEqual(
    sizes.map((jobs, index) => ({
      ...{ batch: index + 1, total: totals[index], jobs, saved: jobs - 1, failed: 1, elapsedMs: 50 },
    })),
  );
});

it('counts the batches of the jobs that are chosen, and those of recovery rounds', () => {
  const ended: string[] = [];
  const emit = toCallbacks({
    onBatchComplete: ({ batch, total }) => void ended.push(`${batch} of ${total}`),
  });
  const waves = (...sizes: number[]) =>
    sizes.forEach((jobs, index) => {
      emit({ type: 'wave.started', wave: index + 1, jobs });
      emit({ type: 'wave.completed', wave: index + 1, jobs, saved: jobs, failed: 0, elapsedMs: 50 });
    });
  emit({ type: 'run.started', folder: '/run', total: 100, alreadySaved: 10, jobs: 6, concurrency: 1 });
  waves(4, 2);
  emit({ type: 'recovery.started', round: 1, jobs: 5, waitMs: 0 });
  waves(4, 1);
  expect(ended).toEqual(['1 of 2', '2 of 2', '3 of 4', '4 of 4']);
});

it('calls back at the end of a round', () => {
  const rounds: number[] = [];
  const emit = toCallbacks({ onRoundComplete: ({ round }) => void rounds.push(round) });
  emit({ type: 'round.completed', round: 1, bestIndex: 0, bestScore: 1, kept: [0] });
  expect(rounds).toEqual([1]);
});
