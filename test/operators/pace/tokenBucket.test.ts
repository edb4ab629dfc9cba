import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTokenBucket } from '../../../src/operators/pace/tokenBucket.ts';

it('never gives out more than `perMinute` in any minute, with any burst', () => {
  const limits = fc
    .integer({ min: 1, max: 600 })
    .chain((perMinute) =>
      fc.record({ perMinute: fc.constant(perMinute), burst: fc.integer({ min: 1, max: perMinute }) }),
    );
  fc.assert(
    fc.property(limits, fc.nat(120_000), ({ perMinute, burst }, idleMs) => {
      let nowMs = 0;
      const bucket = createTokenBucket({ limit: perMinute, windowMs: 60_000, burst, now: () => nowMs });
      nowMs = idleMs;
      const takenAtMs: number[] = [];
      for (let n = 0; n < 2 * perMinute; n += 1) {
        nowMs += bucket.waitMs();
        expect(bucket.waitMs()).toBe(0);
        bucket.take();
        takenAtMs.push(nowMs);
      }
      for (let n = perMinute; n < takenAtMs.length; n += 1) {
        const windowMs = (takenAtMs[n] ?? 0) - (takenAtMs[n - perMinute] ?? 0);
        expect(windowMs).toBeGreaterThanOrEqual(60_000);
      }
    }),
    { numRuns: 50 },
  );
});

it('loses no tokens to a clock that is set back', () => {
  let nowMs = 3_600_000;
  const bucket = createTokenBucket({ limit: 60, windowMs: 60_000, burst: 1, now: () => nowMs });
  bucket.take();
  nowMs = 0;
  expect(bucket.waitMs()).toBe(1_000);
});

it('reports its refill in a minute, and takes unused tokens back', () => {
  const bucket = createTokenBucket({ limit: 60, windowMs: 60_000, burst: 11, now: () => 0 });
  expect(bucket.refillPerMinute).toBeCloseTo(60 - (11 - 1));
  for (let n = 0; n < 11; n += 1) bucket.take();
  expect(bucket.waitMs()).toBeGreaterThan(0);
  bucket.giveBack();
  expect(bucket.waitMs()).toBe(0);
});
