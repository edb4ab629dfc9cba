import { describe, expect, it } from 'vitest';
import { createPaceLearner, type PaceLearner } from '../../src/operators/createPaceLearner.ts';

const letThrough = (pace: PaceLearner, count: number) => {
  for (let n = 0; n < count; n += 1) pace.admitted();
};
const accept = (pace: PaceLearner, count: number) => {
  for (let n = 0; n < count; n += 1) pace.accepted();
};
/** A learner at 300 a minute that was refused once, at 0 ms, for 1 s. */
const refusedOnce = () => {
  const pace = createPaceLearner({ fastestPerMinute: 300 });
  pace.admitted();
  pace.refused(0, 1_000);
  return pace;
};

describe('a refusal', () => {
  it('gives a guess at first: twice what the named wait means, and half of before at most', () => {
    expect(refusedOnce().perMinute).toBe(120_000 / 1_000);
    const pace = createPaceLearner({ fastestPerMinute: 100 });
    pace.admitted();
    pace.refused(0, 1_000);
    expect(pace.perMinute).toBe(100 / 2);
  });

  it('gives a measurement from then on: what was given out since the one before', () => {
    const pace = refusedOnce();
    letThrough(pace, 20 + 1); // The last one is refused.
    pace.refused(12_800, 1_000); // Four fifths of the closed second count as wasted.
    expect(pace.perMinute).toBeCloseTo(100);
  });

  it('cuts the pace by a twentieth at least and by three tenths at most', () => {
    const fast = refusedOnce();
    letThrough(fast, 100);
    fast.refused(10_000, 1_000);
    expect(fast.perMinute).toBeCloseTo(120 * 0.95);
    const late = refusedOnce();
    letThrough(late, 1);
    late.refused(10_000, 1_000);
    expect(late.perMinute).toBeCloseTo(120 * 0.7);
  });

  it('tells nothing where nothing was sent since the one before', () => {
    const pace = refusedOnce();
    pace.refused(1_500, 1_000);
    expect(pace.perMinute).toBe(120);
  });

  it('never leads below the slowest service, nor above the fastest pace asked for', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    letThrough(pace, 1);
    pace.refused(0, 60_000);
    expect(pace.perMinute).toBe(6);
    const slower = createPaceLearner({ fastestPerMinute: 2 });
    slower.admitted();
    slower.refused(0, 60_000);
    expect(slower.perMinute).toBe(2);
  });

  it('survives one that names no time at all', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    for (let n = 0; n < 3; n += 1) {
      pace.admitted();
      pace.refused(0, 0);
    }
    expect(pace.perMinute).toBeCloseTo(150 * 0.7 * 0.7);
  });
});

describe('accepted creates', () => {
  it('leave the pace for a while, then make it faster, up to the fastest', () => {
    const pace = refusedOnce();
    accept(pace, 10);
    expect(pace.perMinute).toBe(120);
    accept(pace, 1);
    expect(pace.perMinute).toBeCloseTo(120 * 1.05);
    accept(pace, 100);
    expect(pace.perMinute).toBe(300);
  });

  it('leave it for twice as long where the same limit was met again', () => {
    const pace = refusedOnce();
    accept(pace, 11);
    letThrough(pace, 20 + 1);
    pace.refused(12_800, 1_000);
    const before = pace.perMinute;
    accept(pace, 20);
    expect(pace.perMinute).toBe(before);
    accept(pace, 1);
    expect(pace.perMinute).toBeCloseTo(before * 1.02);
  });
});
