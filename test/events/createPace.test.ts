import { expect, it } from 'vitest';
import { createPace } from '../../src/events/progress.ts';

it('is unknown in the first second, then the pace', () => {
  let nowMs = 1_000_000;
  const pace = createPace(() => nowMs);
  pace.count();
  expect(pace.perMinute()).toBeNull();
  nowMs += 2_000;
  pace.count();
  expect(pace.perMinute()).toBe(60);
});

it('forgets images from more than a minute ago', () => {
  let nowMs = 0;
  const pace = createPace(() => nowMs);
  for (let second = 0; second < 300; second += 1) {
    nowMs += 1_000;
    for (let times = 0; times < (second < 200 ? 10 : 2); times += 1) pace.count();
  }
  // The samples stand a second apart, hence not exactly 120.
  expect(pace.perMinute()).toBeGreaterThan(115);
  expect(pace.perMinute()).toBeLessThan(130);
  nowMs += 120_000;
  expect(pace.perMinute()).toBe(0);
  pace.count();
  // One in the last minute, and at most one that shared a second with the last sample.
  expect(pace.perMinute()).toBeLessThanOrEqual(2);
});
