import { expect, it } from 'vitest';
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
  { type: 'prediction.created', index: 0, predictionId: 'p', status: 'starting' },
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

it('calls each callback with what concerns it, in order', () => {
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
    onBatchComplete: ({ totals: { saved } }) => void called.push(`complete ${saved}`),
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
