import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createClockOffset } from '../../src/base/clockOffset.ts';

const iso = (ms: number) => new Date(ms).toISOString();

it('knows nothing before it has seen a time', () => {
  const offset = createClockOffset();
  offset.learn(null, 0, 1);
  offset.learn('soon', 0, 1);
  expect(offset.bounds).toBeNull();
});

it('gets more exact with each time stamp', () => {
  const offset = createClockOffset();
  offset.learn(iso(10_001), 1_000, 3_000);
  expect(offset.bounds).toEqual({ leastMs: 7_001, mostMs: 9_001 });
  offset.learn(iso(18_001), 10_000, 11_000);
  expect(offset.bounds).toEqual({ leastMs: 7_001, mostMs: 8_001 });
});

it('treats whole seconds as times without their decimals', () => {
  const offset = createClockOffset();
  offset.learn('1970-01-01T00:00:10Z', 10_100, 10_200);
  expect(offset.bounds).toEqual({ leastMs: -200, mostMs: 900 });
});

it('begins again when a clock was set', () => {
  const offset = createClockOffset();
  offset.learn(iso(10_001), 10_000, 10_100);
  offset.learn(iso(320_001), 20_000, 20_100);
  expect(offset.bounds).toEqual({ leastMs: 299_901, mostMs: 300_001 });
});

it('is certain once two stamps some seconds apart agree, until one contradicts', () => {
  const offset = createClockOffset();
  const certainAfter = (stampMs: number, fromMs: number, toMs = fromMs + 50) => {
    offset.learn(iso(stampMs + 1), fromMs, toMs);
    return offset.isCertain;
  };
  expect(certainAfter(100_000, 0)).toBe(false);
  expect(certainAfter(102_000, 2_000)).toBe(false);
  expect(certainAfter(102_550, 2_550)).toBe(true);
  expect(certainAfter(50_000, 3_000)).toBe(false);
  expect(offset.agreeing).toBe(1);
});

it.each([100, 900, 1_500, 40_000])(
  'is never certain of a clock that stands still, every %s ms',
  (everyMs) => {
    const offset = createClockOffset();
    for (let ms = 0; ms < 100 * everyMs; ms += everyMs) {
      offset.learn('2026-01-01T00:00:00Z', ms, ms + 50);
      expect(offset.isCertain).toBe(false);
    }
  },
);

it('always holds the true difference', () => {
  const stamps = fc.array(
    fc.record({ atMs: fc.nat(10 ** 7), before: fc.nat(5_000), after: fc.nat(60_000), whole: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 8), max: 10 ** 8 }), stamps, (aheadMs, seen) => {
      const offset = createClockOffset();
      for (const { atMs, before, after, whole } of seen) {
        const localMs = 10 ** 9 + atMs;
        const stampMs = localMs + aheadMs;
        const shownMs = whole ? Math.floor(stampMs / 1_000) * 1_000 : stampMs;
        offset.learn(iso(shownMs), localMs - before, localMs + after);
      }
      expect(offset.bounds?.leastMs ?? aheadMs).toBeLessThanOrEqual(aheadMs);
      expect(offset.bounds?.mostMs ?? aheadMs).toBeGreaterThanOrEqual(aheadMs);
    }),
  );
});
