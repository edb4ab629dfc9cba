import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPollSchedule } from '../../../src/operators/predictions/pollSchedule.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

const inFlight = (sinceMs: number, { model = 'o/n', aloneAtMs = 0 } = {}) => ({
  prediction: { model },
  sinceMs,
  aloneAtMs,
});

/** A schedule that knows three predictions of `o/n` which took so long. */
function scheduleAfter(tookMs: readonly [number, number, number], config = {}) {
  const schedule = createPollSchedule(config);
  for (const ms of tookMs) {
    schedule.learn(
      aPrediction({
        model: 'o/n',
        createdAt: new Date(0).toISOString(),
        completedAt: new Date(ms).toISOString(),
      }),
    );
  }
  return schedule;
}

it('waits so many times longer as processes ask, up to the longest wait', () => {
  const nextOf = (count: number) => {
    const schedule = createPollSchedule({ pollers: () => count });
    schedule.noteTurn(10_000);
    return schedule.nextTurnAtMs([inFlight(10_000)], 10_000);
  };
  expect([1, 8, 100].map(nextOf)).toEqual([10_000 + 250, 10_000 + 8 * 250, 10_000 + 5_000]);
});

describe('readyAtMs', () => {
  it('is the shortest wait while the run time of a model is unknown', () => {
    expect(createPollSchedule().readyAtMs(inFlight(1_000), 2)).toBe(1_250);
    expect(createPollSchedule({ shortestMs: 40 }).readyAtMs(inFlight(1_000), 2)).toBe(1_040);
  });

  it('is nine tenths of the shortest run time of its model', () => {
    const schedule = scheduleAfter([4_000, 2_000, 3_000]);
    expect(schedule.readyAtMs(inFlight(1_000), 2)).toBe(1_000 + 1_800);
    expect(schedule.readyAtMs(inFlight(1_000, { model: 'o/other' }), 2)).toBe(1_250);
  });

  it('heeds the moment for requests by id only if the prediction is the last one', () => {
    const schedule = createPollSchedule();
    const failed = inFlight(1_000, { aloneAtMs: 9_000 });
    expect([1, 2].map((count) => schedule.readyAtMs(failed, count))).toEqual([9_000, 1_250]);
  });
});

describe('nextTurnAtMs', () => {
  it('is when the first of them is ready, if nothing was asked before', () => {
    const all = [inFlight(5_000), inFlight(3_000), inFlight(4_000)];
    expect(createPollSchedule().nextTurnAtMs(all, 5_000)).toBe(3_250);
  });

  it('is a share of the usual run time after the request before, more if one request covers few', () => {
    const schedule = scheduleAfter([4_000, 4_000, 4_000]);
    schedule.noteTurn(10_000);
    const all = Array.from({ length: 10 }, () => inFlight(0));
    expect(schedule.nextTurnAtMs(all, 10_000)).toBe(10_000 + 4_000 * (0.1 + 0.25 / 10));
    expect(schedule.nextTurnAtMs(all.slice(0, 1), 10_000)).toBe(10_000 + 4_000 * (0.1 + 0.25));
  });

  it('guesses three times the age of the oldest, while a model is unknown', () => {
    const schedule = createPollSchedule();
    schedule.noteTurn(2_000);
    const all = [inFlight(1_000), inFlight(0)];
    expect(schedule.nextTurnAtMs(all, 2_000)).toBe(2_000 + 3 * 2_000 * (0.1 + 0.25 / 2));
  });

  it('goes by the fastest model', () => {
    const schedule = scheduleAfter([4_000, 4_000, 4_000]);
    const slow = {
      model: 'o/slow',
      createdAt: new Date(0).toISOString(),
      completedAt: new Date(40_000).toISOString(),
    };
    for (let nth = 0; nth < 3; nth += 1) schedule.learn(aPrediction(slow));
    schedule.noteTurn(50_000);
    const all = [inFlight(0), inFlight(0, { model: 'o/slow' })];
    expect(schedule.nextTurnAtMs(all, 50_000)).toBe(50_000 + 4_000 * (0.1 + 0.25 / 2));
  });

  it('comes after a pause within its bounds, and never before the first one is ready', () => {
    const ms = fc.integer({ min: 0, max: 10_000_000 });
    const flights = fc.array(
      fc.record({ sinceMs: ms, aloneAtMs: ms, model: fc.constantFrom('o/n', 'o/x') }),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(flights, fc.tuple(ms, ms, ms), ms, ms, (given, tookMs, askedAtMs, laterMs) => {
        const bounds = { shortestMs: 100, longestMs: 3_000 };
        const schedule = scheduleAfter(tookMs, bounds);
        schedule.noteTurn(askedAtMs);
        const all = given.map(({ sinceMs, ...rest }) => inFlight(sinceMs, rest));
        const firstMs = Math.min(...all.map((one) => schedule.readyAtMs(one, all.length)));
        const turnAtMs = schedule.nextTurnAtMs(all, askedAtMs + laterMs);
        expect(turnAtMs).toBeGreaterThanOrEqual(Math.max(firstMs, askedAtMs + bounds.shortestMs));
        expect(turnAtMs).toBeLessThanOrEqual(Math.max(firstMs, askedAtMs + bounds.longestMs));
      }),
    );
  });
});

it('asks by id less and less often, up to the longest wait', () => {
  const { retryAtMs, missingAtMs } = createPollSchedule();
  expect([1, 2, 3, 4, 5, 12].map((failed) => retryAtMs(failed, 7))).toEqual(
    [500, 1_000, 2_000, 4_000, 5_000, 5_000].map((waitMs) => 7 + waitMs),
  );
  expect([2, 3, 4, 5, 6, 7, 8, 9].map((missed) => missingAtMs(missed, 7))).toEqual(
    [563, 844, 1_266, 1_898, 2_848, 4_271, 5_000, 5_000].map((waitMs) => 7 + waitMs),
  );
});

it('refuses bounds that are none', () => {
  expect(() => createPollSchedule({ shortestMs: 0 })).toThrow('`shortestMs`');
  expect(() => createPollSchedule({ shortestMs: 100, longestMs: 99 })).toThrow('`longestMs`');
});
