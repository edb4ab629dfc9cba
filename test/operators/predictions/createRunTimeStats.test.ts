import { expect, it } from 'vitest';
import { createRunTimeStats } from '../../../src/operators/predictions/pollSchedule.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

const tookMs = (ms: number, fields = {}) =>
  aPrediction({
    model: 'o/n',
    createdAt: '2026-01-01T00:00:00Z',
    completedAt: new Date(Date.parse('2026-01-01T00:00:00Z') + ms).toISOString(),
    ...fields,
  });

it('knows nothing until it has seen three', () => {
  const times = createRunTimeStats();
  for (const ms of [300, 100]) times.learn(tookMs(ms));
  expect([times.shortestMs('o/n'), times.medianMs('o/n')]).toEqual([0, 0]);
  times.learn(tookMs(200));
  expect([times.shortestMs('o/n'), times.medianMs('o/n')]).toEqual([100, 200]);
  expect(times.medianMs('o/other')).toBe(0);
});

it('learns only from successes with both times', () => {
  const times = createRunTimeStats();
  for (const ms of [300, 100, 200]) times.learn(tookMs(ms));
  times.learn(tookMs(1, { status: 'failed' }));
  times.learn(tookMs(1, { completedAt: null }));
  times.learn(tookMs(1, { createdAt: 'some day' }));
  times.learn(tookMs(-1));
  expect(times.shortestMs('o/n')).toBe(100);
});

it('forgets old run times', () => {
  const times = createRunTimeStats();
  for (const ms of [10, 10, 10]) times.learn(tookMs(ms));
  for (let more = 0; more < 32; more += 1) times.learn(tookMs(1_000));
  expect([times.shortestMs('o/n'), times.medianMs('o/n')]).toEqual([1_000, 1_000]);
});
