import { VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { monotonicScheduler, wallNow } from '../../src/base/monotonicScheduler.ts';
import { movableClock } from '../helpers/movableClock.ts';

const MINUTE_MS = 60_000;

it.each([
  ['back', -5 * MINUTE_MS],
  ['forward', 5 * MINUTE_MS],
])('continues unchanged if the clock is set %s', (_name, byMs) => {
  const clock = movableClock();
  const [beforeMs, wallBeforeMs] = [monotonicScheduler.now(), wallNow(monotonicScheduler)];
  clock.set(byMs);
  const passedMs = monotonicScheduler.now() - beforeMs;
  expect(passedMs).toBeGreaterThanOrEqual(0);
  expect(passedMs).toBeLessThan(MINUTE_MS);
  const wallPassedMs = wallNow(monotonicScheduler) - wallBeforeMs;
  expect(Math.abs(wallPassedMs - byMs)).toBeLessThan(MINUTE_MS);
});

it('begins at the time of day, in whole milliseconds', () => {
  expect(Math.abs(monotonicScheduler.now() - Date.now())).toBeLessThan(24 * 60 * MINUTE_MS);
  expect(Number.isInteger(monotonicScheduler.now())).toBe(true);
});

it('takes the time of day from a scheduler that has no other', () => {
  const scheduler = new VirtualTimeScheduler();
  scheduler.frame = 7;
  expect(wallNow(scheduler)).toBe(7);
});
