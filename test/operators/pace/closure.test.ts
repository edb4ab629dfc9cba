import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClosure } from '../../../src/operators/pace/closure.ts';

const MINUTE_MS = 60_000;
const YEARS_MS = 1e12;

/** A closure in a time that the test moves. */
function closureAt(maxWaitMs = 10 * MINUTE_MS) {
  let nowMs = 5_000;
  const closure = createClosure({ maxWaitMs, now: () => nowMs });
  return {
    closure,
    /** Sends a request as soon as it may be sent, and has it refused. */
    refuse(namedMs: number | null = null) {
      nowMs += closure.waitMs();
      closure.sent();
      closure.over();
      return closure.refused(namedMs, true);
    },
    pass(ms: number) {
      nowMs += ms;
    },
    now: () => nowMs,
  };
}

it('is closed for as long as a refusal names, and opens then', () => {
  const { closure, refuse, pass } = closureAt();
  expect(closure.waitMs()).toBe(0);
  expect(refuse(9_000)).toBe(9_000);
  pass(8_999);
  expect(closure.waitMs()).toBe(1);
  pass(1);
  expect(closure.waitMs()).toBe(0);
});

it('doubles the wait that no refusal names, up to a minute, and begins again after a success', () => {
  const { closure, refuse } = closureAt(Number.POSITIVE_INFINITY);
  const waits = Array.from({ length: 8 }, () => refuse() / 1_000);
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  closure.accepted(true);
  expect(refuse()).toBe(1_000);
});

it.each([0, -5_000, Number.NaN])('treats a named wait of %d as none', (namedMs) => {
  const { closure, refuse } = closureAt();
  refuse(namedMs);
  expect(closure.waitMs()).toBe(1_000);
});

describe('a wait that is too long', () => {
  it('may be a slip: a request tries after a minute, and the pace learns nothing from it', () => {
    const { closure, refuse } = closureAt();
    expect(refuse(YEARS_MS)).toBe(1_000);
    expect(closure.waitMs()).toBe(MINUTE_MS);
    expect(closure.fault()).toBeNull();
    closure.accepted(true);
    expect(refuse(YEARS_MS)).toBe(1_000); // The next slip is a first one again.
    expect(closure.fault()).toBeNull();
  });

  it('counts if the next request is refused too', () => {
    const { closure, refuse } = closureAt();
    refuse(YEARS_MS);
    refuse(YEARS_MS);
    expect(closure.fault()).toMatchObject({
      code: 'ERR_WAIT_TOO_LONG',
      stopsRun: true,
      recoverable: false,
      tookEffect: 'no',
      status: null,
      message: 'The service asks to wait 32 years before the next create request; 10 minutes are allowed',
      suggestion: expect.stringContaining('--max-wait'),
    });
  });

  it('counts if all requests were refused for as long, with any named wait', () => {
    for (const namedMs of [null, 20_000]) {
      const { closure, refuse, now } = closureAt();
      const startMs = now();
      let tries = 0;
      while (closure.fault() === null && tries < 100) {
        refuse(namedMs);
        tries += 1;
      }
      expect(tries).toBeLessThan(35);
      expect(now() - startMs).toBeGreaterThan(8 * MINUTE_MS);
      expect(now() - startMs).toBeLessThanOrEqual(10 * MINUTE_MS);
      const { message } = closure.fault() ?? {};
      expect(message).toMatch(
        /^The service has refused all create requests for \d+ minutes; .* the 10 minutes allowed$/,
      );
    }
  });

  it('does not count while a request is in flight: it may be the one that holds all others back', () => {
    const { closure, refuse } = closureAt();
    closure.sent();
    for (let tries = 0; tries < 2_000; tries += 1) refuse(1_000);
    expect(closure.fault()).toBeNull();
    closure.over();
    closure.accepted(false);
    refuse(1_000);
    expect(closure.fault()).toBeNull();
  });

  it('does not count from late responses to requests from before the last refusal', () => {
    const { closure, refuse } = closureAt();
    refuse(YEARS_MS);
    for (let late = 0; late < 5; late += 1) closure.refused(YEARS_MS, false);
    expect(closure.fault()).toBeNull();
    expect(closure.waitMs()).toBe(MINUTE_MS);
  });

  it('is over when the service may take requests again', () => {
    const { closure, refuse, pass } = closureAt();
    refuse(YEARS_MS);
    refuse(20 * MINUTE_MS);
    pass(20 * MINUTE_MS - 1);
    expect(closure.fault()).not.toBeNull();
    pass(1);
    expect(closure.fault()).toBeNull();
    refuse(YEARS_MS);
    expect(closure.fault()).toBeNull();
  });

  it('is probed no later than it is too long', () => {
    const { closure, refuse } = closureAt(5_000);
    refuse(YEARS_MS);
    expect(closure.waitMs()).toBe(5_000);
  });
});

it('stays open after an old refusal that names an endless wait', () => {
  const { closure } = closureAt(MINUTE_MS);
  closure.refused(Number.POSITIVE_INFINITY, false);
  expect(closure.waitMs()).toBe(0);
});

it('never closes for longer than `maxWaitMs`, even if a service names a longer wait', () => {
  const named = fc.oneof(fc.constant(null), fc.double({ noNaN: true }), fc.integer());
  fc.assert(
    fc.property(fc.array(fc.tuple(named, fc.boolean()), { maxLength: 30 }), fc.nat(1e6), (all, more) => {
      const { closure, refuse } = closureAt(1 + more);
      for (const [namedMs, isNews] of all) {
        if (isNews) refuse(namedMs);
        else closure.refused(namedMs, false);
        // Sums of fractions of milliseconds are rounded.
        expect(closure.waitMs()).toBeLessThanOrEqual(1 + more + 1e-3);
        expect(closure.waitMs()).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

it('gives the reason of the service when it gives up', () => {
  const { closure, refuse, pass } = closureAt(MINUTE_MS);
  refuse();
  pass(2 * MINUTE_MS);
  closure.sent();
  closure.over();
  closure.refused(MINUTE_MS, true, 'You have reached your monthly spend limit.');
  expect(closure.fault()?.message).toMatch(
    /^The service has refused .* allowed \(You have reached your monthly spend limit\.\)$/,
  );
});
