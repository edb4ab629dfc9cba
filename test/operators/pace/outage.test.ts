import fc from 'fast-check';
import { concat, defer, ignoreElements, map, of, retry, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createOutage, type OutageConfig } from '../../../src/operators/pace/outage.ts';
import { createPeriods } from '../../../src/operators/pace/periods.ts';
import { throughOutage } from '../../../src/operators/pace/throughOutage.ts';
import { marbles } from '../../helpers/marbles.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

const silence = new Error('no response');

/** An outage after two failures at 0, by a clock that the test moves. */
function begun(config: OutageConfig = {}, clock = new VirtualClock()) {
  const changes: string[] = [];
  const outage = createOutage({
    failures: 2,
    scheduler: clock,
    onChange: (error, isTooLong) =>
      changes.push(`${clock.now()} ${error !== null ? 'away' : isTooLong ? 'given up' : 'back'}`),
    ...config,
  });
  outage.failed(silence);
  outage.failed(silence);
  const entered: string[] = [];
  const enter = (name: string) =>
    outage.admit().subscribe({
      next: () => entered.push(`${clock.now()} ${name}`),
      error: (error: unknown) => entered.push(`${clock.now()} ${name} ${String(error)}`),
    });
  return { clock, outage, changes, entered, enter };
}

describe('without a probe', () => {
  it('lets one caller after the other try, after growing pauses, and all of them once one has a response', () => {
    const { clock, outage, changes, entered, enter } = begun();
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    clock.advance(999);
    expect(entered).toEqual([]);
    clock.advance(1);
    outage.failed(silence);
    clock.advance(1_999);
    expect(entered).toEqual(['1000 a']);
    clock.advance(1);
    expect(entered).toEqual(['1000 a', '3000 b']);
    outage.responded();
    expect(entered).toEqual(['1000 a', '3000 b', '3000 c', '3000 d']);
    expect(changes).toEqual(['0 away', '3000 back']);
    expect(outage.isAway).toBe(false);
  });

  it('lets the next caller try if one is slow', () => {
    const { clock, entered, enter } = begun();
    for (const name of ['a', 'b', 'c']) enter(name);
    clock.advance(21_000);
    expect(entered).toEqual(['1000 a', '11000 b', '21000 c']);
  });

  it.each([
    ['ten seconds before the next one tries', true, [1, 3, 7, 15, 25, 35, 45]],
    ['half a minute if tries may have an effect', false, [1, 3, 7, 15, 31, 61, 91]],
  ])('never waits for more than %s', (_what, isCertain, expectedS) => {
    const { clock, outage, entered, enter } = begun();
    outage.failed(silence, { caller: 0, isCertain });
    for (const nth of expectedS.keys()) {
      enter(`${nth}`);
      while (entered.length === nth) clock.advance(1_000);
      outage.failed(silence, { caller: nth, isCertain });
    }
    expect(entered.map((one) => Number.parseInt(one, 10) / 1_000)).toEqual(expectedS);
  });

  it('is not ended by responses to calls from before', () => {
    const clock = new VirtualClock();
    clock.advance(1_000);
    const { outage, entered, enter } = begun({}, clock);
    enter('a');
    outage.responded(999);
    expect([outage.isAway, entered]).toEqual([true, []]);
    outage.responded(1_000);
    expect([outage.isAway, entered]).toEqual([false, ['1000 a']]);
    // Nor do they hide that the calls after them fail.
    outage.failed(silence);
    outage.responded(999);
    outage.failed(silence);
    expect(outage.isAway).toBe(true);
    expect([outage.hasBegunBefore(1_000), outage.hasBegunBefore(1_001)]).toEqual([false, true]);
  });

  it('lets one try at once if it is hastened', () => {
    const { clock, outage, entered, enter } = begun();
    outage.hasten();
    clock.advance(0);
    enter('a');
    enter('b');
    clock.advance(0);
    expect(entered).toEqual(['0 a']);
    outage.failed(silence);
    clock.advance(100);
    outage.hasten();
    clock.advance(0);
    expect(entered).toEqual(['0 a', '100 b']);
    outage.responded();
    outage.hasten();
    expect(outage.isAway).toBe(false);
  });

  it('counts failures of one caller only if they are certain', () => {
    const outage = createOutage({ failures: 2 });
    const from = (caller: string, isCertain = false) => ({ caller, isCertain });
    outage.failed(silence, from('a'));
    outage.failed(silence, from('a'));
    expect(outage.isAway).toBe(false);
    outage.failed(silence, from('b'));
    expect(outage.isAway).toBe(true);
    const other = createOutage({ failures: 2 });
    other.failed(silence, from('a', true));
    other.failed(silence, from('a', true));
    expect(other.isAway).toBe(true);
  });
});

describe('with a probe', () => {
  it('is none if the other side responds to it', () => {
    let probes = 0;
    const probe = () =>
      defer(() => {
        probes += 1;
        return of(null);
      });
    const { outage, entered, enter } = begun({ probe });
    expect([outage.isAway, probes]).toEqual([false, 1]);
    enter('a');
    expect(entered).toEqual(['0 a']);
    outage.failed(silence);
    expect(probes).toBe(1);
  });

  it('asks for as long as callers wait, every ten seconds at last, and lets all of them go', () => {
    const clock = new VirtualClock();
    const askedMs: number[] = [];
    const probe = () =>
      defer(() => {
        askedMs.push(clock.now());
        return clock.now() < 40_000 ? throwError(() => silence) : of(null);
      });
    const { entered, changes, enter } = begun({ probe }, clock);
    clock.advance(5_000);
    const leaving = enter('left');
    clock.advance(2_000);
    leaving.unsubscribe();
    clock.advance(9_000);
    expect(askedMs).toEqual([0, 5_000, 7_000]);
    enter('a');
    enter('b');
    clock.advance(60_000);
    expect(askedMs.slice(3)).toEqual([16_000, 24_000, 34_000, 44_000]);
    expect(entered).toEqual(['44000 a', '44000 b']);
    expect(changes).toEqual(['5000 away', '44000 back']);
    clock.advance(3_600_000);
    expect(askedMs).toHaveLength(7);
  });

  it('drops the probe if a response comes meanwhile', () => {
    const clock = new VirtualClock();
    const probe = () =>
      timer(500, clock).pipe(
        map(() => {
          throw silence;
        }),
      );
    const { outage } = begun({ probe }, clock);
    outage.responded();
    clock.advance(1_000);
    expect(outage.isAway).toBe(false);
  });
});

it('ends after the time allowed with an error for all callers; the next ones try again', () => {
  const tooLong = (error: unknown, awayMs: number) => `${String(error)} for ${awayMs} ms`;
  const { clock, outage, changes, entered, enter } = begun({
    maxOutageMs: 60_000,
    probe: () => throwError(() => silence),
    tooLong,
  });
  enter('a');
  enter('b');
  clock.advance(600_000);
  expect(entered).toEqual([
    '65000 a Error: no response for 65000 ms',
    '65000 b Error: no response for 65000 ms',
  ]);
  expect(changes).toEqual(['0 away', '65000 given up']);
  expect(outage.isAway).toBe(false);
  enter('c');
  expect(entered.at(-1)).toBe('600000 c');
});

it('begins the next outage if those that are let go fail at once', () => {
  const { clock, outage, entered } = begun({ failures: 1 });
  for (const name of ['a', 'b', 'c']) {
    outage.admit().subscribe(() => {
      entered.push(`${clock.now()} ${name}`);
      if (name === 'b') outage.failed(silence);
    });
  }
  clock.advance(1_000);
  outage.responded();
  expect(entered).toEqual(['1000 a', '1000 b']);
  clock.advance(1_000);
  expect(entered).toEqual(['1000 a', '1000 b', '2000 c']);
});

it('does not count time without a waiting request towards giving up', () => {
  const { clock, outage, entered, enter } = begun({ maxOutageMs: 600_000 });
  clock.advance(3_600_000);
  enter('a');
  clock.advance(0);
  outage.failed(silence);
  enter('b');
  clock.advance(300_000);
  expect(entered.map((one) => one.replace(/^\d+ /, ''))).toEqual(['a', 'b']);
  for (let nth = 0; nth < 70; nth += 1) {
    outage.failed(silence);
    enter('c');
    clock.advance(10_000);
  }
  expect(entered.at(-1)).toMatch(/ c$/);
  expect(entered.filter((one) => one.includes('Error')).length).toBe(1);
});

it('knows how long it was away, and when', () => {
  const { clock, outage } = begun();
  clock.advance(3_000);
  expect([outage.awayMs(0), outage.awayMs(2_000)]).toEqual([3_000, 1_000]);
  outage.responded();
  clock.advance(5_000);
  expect(outage.awayMs(0)).toBe(3_000);
  expect(outage.wasAway(0, 9_000)).toBe(false);
  outage.failed(silence);
  outage.failed(silence);
  // Time without requests proves nothing.
  clock.advance(60_000);
  expect(outage.wasAway(0, 99_000)).toBe(false);
  outage.failed(silence);
  expect(outage.wasAway(0, 99_000)).toBe(true);
  outage.responded();
  expect(outage.awayMs(0)).toBe(63_000);
  expect([outage.wasAway(68_000, 99_000), outage.wasAway(68_001, 99_000), outage.wasAway(0, 7_999)]).toEqual([
    true,
    false,
    false,
  ]);
});

it('remembers a hundred outages', () => {
  let nowMs = 0;
  const periods = createPeriods(() => nowMs);
  for (nowMs = 0; nowMs < 110; nowMs += 1) periods.begin(nowMs);
  expect(periods.sumMs(0)).toBe(100);
  periods.end();
  nowMs += 9;
  periods.confirm();
  expect([periods.sumMs(0), periods.overlap(0, 999, 1)]).toEqual([100, false]);
});

it.each([{ failures: 0 }, { failures: 1.5 }, { maxOutageMs: -1 }])('refuses %j', (config) => {
  expect(() => createOutage(config)).toThrow('Expected `');
});

describe('throughOutage', () => {
  const isAway = (error: unknown) => (error === silence ? true : error === 'unknown' ? null : false);

  it(
    'makes a call again if it has failed in an outage',
    marbles(({ cold, expectObservable }) => {
      const outage = createOutage({ failures: 1 });
      const calls = [cold<string>('--#', undefined, silence), cold('-(a|)')];
      const call = () => calls.shift() ?? cold('#');
      expectObservable(throughOutage(outage, call, isAway)).toBe('-- 1s -(a|)');
    }),
  );

  it.each<[string, unknown, boolean]>([
    ['without a response, outside of an outage', silence, false],
    ['that is a response, and ends the outage', 'refused', false],
    ['that says nothing', 'unknown', true],
  ])('emits an error %s', (_what, error, stays) => {
    const outage = createOutage({ failures: error === silence ? 2 : 1, scheduler: new VirtualClock() });
    const seen: unknown[] = [];
    throughOutage(
      outage,
      () => {
        // A call that was made before the outage.
        if (error !== silence) outage.failed(silence);
        return throwError(() => error);
      },
      isAway,
    ).subscribe({ error: (emitted: unknown) => seen.push(emitted) });
    expect([seen, outage.isAway]).toEqual([[error], stays]);
  });

  it('makes all calls in the end, however the other side comes and goes', () => {
    const phases = fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 9 });
    const starts = fc.array(fc.nat(900_000), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(phases, starts, fc.boolean(), (given, startsMs, hasProbe) => {
        const clock = new VirtualClock();
        const isUp = () => {
          const ends = given.map((_ms, at) => given.slice(0, at + 1).reduce((sum, ms) => sum + ms, 0));
          const at = ends.findIndex((endMs) => clock.now() < endMs);
          return at < 0 || at % 2 === 0;
        };
        const call = () =>
          timer(50, clock).pipe(
            map(() => {
              if (!isUp()) throw silence;
            }),
          );
        const outage = createOutage({ scheduler: clock, failures: 1, ...(hasProbe ? { probe: call } : {}) });
        const done: number[] = [];
        for (const startMs of startsMs) {
          // The first failures may come before the outage is known.
          const patient = throughOutage(outage, call, isAway).pipe(retry({ delay: () => timer(500, clock) }));
          concat(timer(startMs, clock).pipe(ignoreElements()), patient).subscribe({
            next: () => done.push(clock.now() - startMs),
          });
        }
        const awayMs = given.reduce((sum, ms, at) => sum + (at % 2 === 1 ? ms : 0), 0);
        clock.advance(1_000_000 + given.reduce((sum, ms) => sum + ms, 0) + 600_000);
        expect(done).toHaveLength(startsMs.length);
        expect(Math.max(...done)).toBeLessThan(awayMs + 60_000 * given.length);
        expect(outage.isAway).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
