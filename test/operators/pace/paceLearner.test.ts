import { describe, expect, it } from 'vitest';
import { createPaceLearner, type PaceLearner } from '../../../src/operators/pace/paceLearner.ts';

/** Sends so many, evenly from one moment to another, and gives the last of them. */
const send = (pace: PaceLearner, count: number, fromMs: number, toMs: number) => {
  for (let n = 0; n < count - 1; n += 1) pace.sent(fromMs + ((toMs - fromMs) * n) / (count - 1));
  return pace.sent(toMs);
};
const accept = (pace: PaceLearner, count: number) => {
  for (let n = 0; n < count; n += 1) pace.accepted(pace.sent(0));
};
/** A learner that was refused at 0 ms, for 1 s, after so many had been accepted at once. */
const refusedAfter = (accepted: number, fastestPerMinute = 300) => {
  const pace = createPaceLearner({ fastestPerMinute });
  pace.refused(send(pace, accepted + 1, 0, 0), 1_000);
  return pace;
};

describe('a refusal', () => {
  it('gives a guess at first: a token in the middle of the second that was rounded up, half of before at most', () => {
    expect(refusedAfter(1).perMinute).toBe(60_000 / (1_000 - 500));
    expect(refusedAfter(1, 100).perMinute).toBe(100 / 2);
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    pace.refused(pace.sent(0), 4_000);
    expect(pace.perMinute).toBeCloseTo(60_000 / (4_000 - 500));
  });

  it('gives a measurement from then on: all tokens that came in, if the service saves up', () => {
    const pace = refusedAfter(5);
    pace.refused(send(pace, 20 + 1, 1_000, 11_000), 1_000); // The last one is refused.
    expect(pace.perMinute).toBeCloseTo((20 / 11) * 60);
  });

  it('and the mean of that and the tokens that came in while it was open, if it may not', () => {
    const pace = refusedAfter(1);
    pace.refused(send(pace, 20 + 1, 1_000, 11_500), 1_000);
    expect(pace.perMinute).toBeCloseTo((20 / Math.sqrt(10.5 * 11.5)) * 60);
  });

  it('and between the last pace that was held and the present one, if it grew', () => {
    const pace = refusedAfter(1);
    accept(pace, 40 + 3);
    pace.refused(pace.sent(20_000), 1_000);
    const grown = 120 * 1.05 ** 3;
    expect(pace.perMinute).toBeCloseTo(Math.min(grown * 0.95, Math.sqrt(120 * grown)));
  });

  it('cuts the pace by a twentieth at least and by three twentieths at most', () => {
    const fast = refusedAfter(5);
    fast.refused(send(fast, 100, 1_000, 10_000), 1_000);
    expect(fast.perMinute).toBeCloseTo(120 * 0.95);
    const early = refusedAfter(5);
    early.refused(send(early, 2, 1_000, 1_500), 1_000);
    expect(early.perMinute).toBeCloseTo(120 * 0.85);
  });

  it('is ignored for create requests that were sent before the last one', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    const [first, second] = [pace.sent(0), pace.sent(0)];
    pace.refused(second, 1_000);
    expect([pace.isPresent(first), pace.isPresent(pace.sent(1_000))]).toEqual([false, true]);
    pace.refused(first, 60_000);
    expect(pace.perMinute).toBe(120);
  });

  it('never leads below the slowest service, nor above the fastest pace asked for', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    pace.refused(pace.sent(0), 60_000);
    expect(pace.perMinute).toBe(6);
    const slower = createPaceLearner({ fastestPerMinute: 2 });
    slower.refused(slower.sent(0), 60_000);
    expect(slower.perMinute).toBe(2);
  });

  it('survives one that names no time at all', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    for (let n = 0; n < 3; n += 1) pace.refused(pace.sent(0), 0);
    expect(pace.perMinute).toBeCloseTo(150 * 0.85 * 0.85);
  });
});

describe('accepted create requests', () => {
  it('leave the pace for a while, then make it faster, up to the fastest', () => {
    const pace = refusedAfter(5);
    accept(pace, 10);
    expect(pace.perMinute).toBe(120);
    accept(pace, 1);
    expect(pace.perMinute).toBeCloseTo(120 * 1.05);
    accept(pace, 100);
    expect(pace.perMinute).toBe(300);
  });

  it('leave it four times as long if a refusal costs all that comes in meanwhile', () => {
    const pace = refusedAfter(1);
    accept(pace, 40);
    expect(pace.perMinute).toBe(120);
    accept(pace, 1);
    expect(pace.perMinute).toBeCloseTo(120 * 1.05);
  });

  it('leave it for twice as long if the same limit was met again', () => {
    const pace = refusedAfter(5);
    pace.refused(send(pace, 20 + 1, 1_000, 11_000), 1_000);
    const before = pace.perMinute;
    accept(pace, 20);
    expect(pace.perMinute).toBe(before);
    accept(pace, 1);
    expect(pace.perMinute).toBeCloseTo(before * 1.01);
  });

  it('count for nothing if they were sent at an earlier pace', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    const earlier = Array.from({ length: 50 }, () => pace.sent(0));
    pace.refused(pace.sent(0), 1_000);
    for (const create of earlier) pace.accepted(create);
    expect(pace.perMinute).toBe(120);
  });
});

describe("the service's report on its bucket", () => {
  it('gives a guess before anything was refused, the better the more tokens it is about', () => {
    const pace = createPaceLearner({ fastestPerMinute: 300 });
    pace.reported({ tokens: 1, inMs: 10_000 });
    expect(pace.perMinute).toBeCloseTo(60_000 / 9_500);
    pace.reported({ tokens: 10, inMs: 5_000 });
    expect(pace.perMinute).toBeCloseTo((9.5 / 4.5) * 60);
    pace.reported({ tokens: 5, inMs: 60_000 });
    expect(pace.perMinute).toBeCloseTo((9.5 / 4.5) * 60);
  });

  it('counts for less than a refusal', () => {
    const pace = refusedAfter(5);
    pace.reported({ tokens: 10, inMs: 60_000 });
    expect(pace.perMinute).toBe(120);
  });
});
