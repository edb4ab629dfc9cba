import { expect, it } from 'vitest';
import { createPeriods } from '../../../src/operators/pace/periods.ts';

function clocked() {
  let nowMs = 0;
  const periods = createPeriods(() => nowMs);
  return {
    periods,
    at: (ms: number) => {
      nowMs = ms;
      return periods;
    },
  };
}

it('adds up the time of periods since a moment, that of one that lasts until now', () => {
  const { at } = clocked();
  at(10).begin(5); // It began before it was noticed.
  at(20).end();
  at(30).begin(30);
  expect([at(40).sumMs(0), at(40).sumMs(15), at(40).sumMs(35), at(40).sumMs(50)]).toEqual([
    15 + 10, // 5…20 and 30…40
    5 + 10,
    5,
    0,
  ]);
});

it('finds the periods that cover some time, if they were confirmed for long enough', () => {
  const { at } = clocked();
  at(10).begin(10);
  at(17).confirm();
  at(20).end();
  at(25).confirm(); // It is over: nothing to confirm.
  const overlaps = (fromMs: number, toMs: number, leastMs: number) => at(30).overlap(fromMs, toMs, leastMs);
  expect([overlaps(0, 9, 0), overlaps(0, 10, 7), overlaps(20, 30, 7), overlaps(21, 30, 0)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(overlaps(0, 30, 8)).toBe(false);
});

it('ends the period before another one begins, and remembers the latest 100', () => {
  const { at } = clocked();
  for (let n = 0; n < 150; n += 1) at(n * 10).begin(n * 10);
  expect(at(1_500).sumMs(0)).toBe(1_000);
});
