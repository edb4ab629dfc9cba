import fc from 'fast-check';
import {
  catchError,
  concatMap,
  map,
  mergeMap,
  type Observable,
  of,
  range,
  tap,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../src/errors.ts';
import { createGovernor } from '../../../src/operators/pace/governor.ts';
import { createTokenBucket } from '../../../src/operators/pace/tokenBucket.ts';
import type { CreateTicket, Governor } from '../../../src/ports.ts';
import { marbles } from '../../helpers/marbles.ts';
import { allowedMs, runGoverned, type Service } from '../../helpers/runGoverned.ts';

const moment = map(() => 'a');
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

describe.each([
  ['without headers', false],
  ['with headers', true],
])('pace against a service %s', (_name, hasHeaders) => {
  it.each([1, 10, 120])('comes within 15 %% of 120 a minute in bursts of %i', (burst) => {
    const service = { perMinute: 120, burst, hasHeaders };
    for (const seed of seeds) {
      const seen = runGoverned(service, { jobs: 40, concurrency: 10, seed });
      expect(seen.made).toBe(40);
      expect(seen.refused).toBeLessThanOrEqual(20);
      const free = runGoverned({ perMinute: 100_000, burst: 100_000 }, { jobs: 40, concurrency: 10, seed });
      expect(seen.tookMs / Math.max(allowedMs(service, 40), free.tookMs)).toBeLessThan(1.15);
    }
  });

  it('comes within 15 % of an account with little credit: 6 a minute, one at a time', () => {
    const service = { perMinute: 6, burst: 1, hasHeaders };
    for (const concurrency of [1, 10]) {
      for (const tookMs of [1_600, 15_000]) {
        const seen = runGoverned(service, { jobs: 30, concurrency, tookMs });
        if (concurrency === 1 && tookMs > 10_000) continue; // The prediction itself takes longer.
        expect(seen.made).toBe(30);
        expect(seen.refused).toBeLessThanOrEqual(12); // 9 of them in the first volley
        expect(seen.tookMs / allowedMs(service, 30)).toBeLessThan(1.15);
      }
    }
  });

  it('sends as many requests at once as `perMinute` allows, to a service that has room', () => {
    const service = { perMinute: 600, burst: 600, hasHeaders };
    const { admittedAtMs, refused } = runGoverned(service, { jobs: 60, concurrency: 60 });
    let nowMs = 0;
    const own = createTokenBucket({ windowMs: 60_000, limit: 600, now: () => nowMs });
    for (const atMs of admittedAtMs) {
      nowMs += own.waitMs();
      own.take();
      expect(Math.abs(atMs - nowMs)).toBeLessThan(2);
    }
    expect([admittedAtMs.length, refused]).toEqual([60, 0]);
  });

  it('is refused ever more rarely by a service that stays the same', () => {
    for (const burst of [1, 10]) {
      const service = { perMinute: 120, burst, hasHeaders };
      const seen = runGoverned(service, { jobs: 1_000, concurrency: 20 });
      expect(seen.made).toBe(1_000);
      expect(seen.refused).toBeLessThan(40);
      expect(seen.tookMs / allowedMs(service, 1_000)).toBeLessThan(1.15);
    }
  });

  it('is not misled by refusals that arrive late', () => {
    for (const burst of [1, 10]) {
      for (const seed of seeds) {
        const service = { perMinute: 120, burst, hasHeaders };
        const load = { jobs: 100, concurrency: 20, refusalJitterMs: 1_500, seed };
        const seen = runGoverned(service, load);
        expect(seen.made).toBe(100);
        expect(seen.tookMs / allowedMs(service, 100)).toBeLessThan(1.25);
      }
    }
  });

  it('comes through if the service names no wait', () => {
    for (const burst of [1, 2, 10]) {
      const seen = runGoverned(
        { perMinute: 120, burst, hasHeaders, named: () => null },
        { jobs: 40, concurrency: 10 },
      );
      expect(seen.made).toBe(40);
      expect(seen.refused).toBeLessThanOrEqual(20);
      expect(seen.tookMs).toBeLessThan(40 * 500 * 1.2);
    }
  });

  it('lets no more than `perMinute` be accepted in any minute, however many are refused', () => {
    const paces = fc.record({
      perMinute: fc.integer({ min: 1, max: 60 }),
      governorBurst: fc.integer({ min: 1, max: 10 }),
      servicePerMinute: fc.integer({ min: 6, max: 120 }),
      serviceBurst: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(paces, ({ perMinute, governorBurst, servicePerMinute, serviceBurst }) => {
        const service = { perMinute: servicePerMinute, burst: serviceBurst, hasHeaders };
        const burst = Math.min(governorBurst, perMinute);
        const load = { jobs: 2 * perMinute, concurrency: 20, perMinute, burst, jitterMs: 0 };
        const { acceptedAtMs } = runGoverned(service, load);
        expect(acceptedAtMs).toHaveLength(load.jobs);
        for (let n = perMinute; n < load.jobs; n += 1) {
          expect((acceptedAtMs[n] ?? 0) - (acceptedAtMs[n - perMinute] ?? 0)).toBeGreaterThanOrEqual(59_999);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('limits that responses name', () => {
  const accepted = (governor: Governor, remaining: number, fullInMs: number | null) =>
    governor.admit().subscribe((ticket) => ticket.accepted({ remaining, fullInMs }));

  it(
    'hold it back before anything is refused: nothing left, and one token in 10 s',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 600 });
      accepted(governor, 0, 10_000);
      // A token in 9.5 s, the middle of the second that was rounded up, and a margin of 8 %.
      expectObservable(governor.admit().pipe(moment)).toBe('10260ms (a|)');
    }),
  );

  it(
    'let it continue as soon as a response shows room',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 600 });
      let late: CreateTicket | undefined;
      governor.admit().subscribe((ticket) => {
        late = ticket;
      });
      accepted(governor, 0, 10_000);
      cold('100ms x').subscribe(() => late?.accepted({ remaining: 300, fullInMs: 1_000 }));
      expectObservable(governor.admit().pipe(moment)).toBe('100ms (a|)');
    }),
  );

  it('spare it most refusals, also of a bucket that others draw from', () => {
    const others = { perMinute: 600, burst: 600, othersPerMinute: 500 };
    const load = { jobs: 3_000, concurrency: 40 };
    const named = runGoverned({ ...others, hasHeaders: true }, load);
    const unnamed = runGoverned(others, load);
    expect(named.made).toBe(3_000);
    expect(named.refused).toBeLessThan(unnamed.refused / 2);
    const alone = runGoverned(
      { perMinute: 120, burst: 60, hasHeaders: true },
      { jobs: 200, concurrency: 20 },
    );
    expect(alone.refused).toBe(0);
    expect(alone.tookMs / (140 * 500)).toBeLessThan(1.05);
  });

  it.each<[string, Service['limits']]>([
    ['never any room', () => ({ remaining: 0, fullInMs: null })],
    ['endless room', () => ({ remaining: 1_000_000, fullInMs: 0 })],
    ['an hour to wait', () => ({ remaining: 0, fullInMs: 3_600_000 })],
    ['nothing twice the same', (actual) => ({ remaining: (actual.remaining * 7_919) % 600, fullInMs: null })],
  ])('lose no job and do not stop it if they are wrong: %s', (_name, limits) => {
    for (const burst of [1, 10]) {
      const service = { perMinute: 120, burst, hasHeaders: true, ...(limits && { limits }) };
      const seen = runGoverned(service, { jobs: 40, concurrency: 10 });
      expect(seen.made).toBe(40);
      expect(seen.refused).toBeLessThanOrEqual(40);
      expect(seen.tookMs).toBeLessThan(40 * 10_000); // never slower than the slowest service
    }
  });
});

describe('line', () => {
  /** Takes a ticket that is to be had at once. */
  const ticketOf = (governor: Governor): CreateTicket => {
    let ticket: CreateTicket | undefined;
    governor.admit().subscribe((admitted) => {
      ticket = admitted;
    });
    if (ticket === undefined) throw new Error('Expected to be admitted at once');
    return ticket;
  };

  it(
    'admits first come, first served, at the pace given',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      expectObservable(governor.admit().pipe(moment)).toBe('(a|)');
      expectObservable(governor.admit().pipe(moment)).toBe('-----(a|)');
      expectObservable(governor.admit().pipe(moment)).toBe('----------(a|)');
    }),
  );

  it(
    'closes for the wait of a refusal; a shorter one does not open it sooner',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      const [a, b] = [ticketOf(governor), ticketOf(governor)];
      a.refused(9);
      b.refused(3);
      expectObservable(governor.admit().pipe(moment)).toBe('---------(a|)');
    }),
  );

  it(
    'counts the wait of a late refusal from the first of those sent together',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      const [a, b] = [ticketOf(governor), ticketOf(governor)];
      a.refused(9);
      cold('-----x').subscribe(() => b.refused(20));
      expectObservable(governor.admit().pipe(moment)).toBe('20ms (a|)');
    }),
  );

  it(
    'waits 1 s, then 2 s, … if refusals name no wait; those sent together count once',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      const volley = [ticketOf(governor), ticketOf(governor), ticketOf(governor)];
      for (const ticket of volley) ticket.refused(null);
      const second = governor.admit().pipe(tap((ticket) => ticket.refused(null)));
      expectObservable(second.pipe(moment)).toBe('1s (a|)');
      expectObservable(cold('1001ms x').pipe(concatMap(() => governor.admit().pipe(moment)))).toBe('3s a');
    }),
  );

  it(
    'begins at 1 s again after an accepted create',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      ticketOf(governor).refused(null);
      governor.admit().subscribe((ticket) => ticket.accepted(null));
      const third = governor.admit().pipe(tap((ticket) => ticket.refused(null)));
      expectObservable(third.pipe(moment)).toBe('1540ms (a|)'); // a token in 500 ms, and the margin
      expectObservable(cold('1541ms x').pipe(concatMap(() => governor.admit().pipe(moment)))).toBe(
        '2540ms a',
      );
    }),
  );

  it(
    'lets a refused request go before those that have not been sent yet',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      ticketOf(governor).refused(10);
      expectObservable(governor.admit().pipe(moment)).toBe('21ms (a|)'); // at the pace that the refusal suggests
      expectObservable(governor.admit(true).pipe(moment)).toBe('10ms (a|)');
    }),
  );

  it(
    'keeps those in line waiting when a refusal comes meanwhile',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      const ticket = ticketOf(governor);
      expectObservable(governor.admit().pipe(moment)).toBe('------------(a|)');
      cold('--x').subscribe(() => ticket.refused(10));
    }),
  );

  it(
    'lets a waiting subscriber leave the queue',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      expectObservable(governor.admit().pipe(moment)).toBe('(a|)');
      expectObservable(governor.admit().pipe(moment), '--!').toBe('---');
      expectObservable(governor.admit().pipe(moment)).toBe('-----(a|)');
    }),
  );

  it('grows again after refusals that were an exception', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    const governor = createGovernor({ perMinute: 600, scheduler });
    ticketOf(governor).refused(1_000);
    let admittedAtMs = 0;
    range(2_000)
      .pipe(mergeMap(() => governor.admit(), 1))
      .subscribe((ticket) => {
        ticket.accepted(null);
        admittedAtMs = scheduler.now();
      });
    scheduler.flush();
    expect(admittedAtMs).toBeLessThan(2_000 * 100 * 1.25);
  });

  it('admits 20,000 that ask one after the other without growing the stack', () => {
    const governor = createGovernor({ perMinute: 60_000, burst: 30_000 });
    let admitted = 0;
    const next = () => {
      admitted += 1;
      if (admitted < 20_000) governor.admit().subscribe(next);
    };
    governor.admit().subscribe(next);
    expect(admitted).toBe(20_000);
  });

  it('leaves no timer behind when the last one steps out', () => {
    const scheduler = new VirtualTimeScheduler();
    const governor = createGovernor({ perMinute: 60, burst: 1, scheduler });
    governor.admit().subscribe();
    const waiting = [governor.admit().subscribe(), governor.admit().subscribe()];
    expect(scheduler.actions).toHaveLength(1);
    for (const subscription of waiting) subscription.unsubscribe();
    expect(scheduler.actions.filter((action) => !action.closed)).toHaveLength(0);
  });

  it('refuses bad limits at once', () => {
    expect(() => createGovernor({ perMinute: -1 })).toThrow('`perMinute`');
    expect(() => createGovernor({ perMinute: 1, maxWaitMs: 0 })).toThrow('`maxWaitMs`');
  });
});

describe('a service that accepts nothing any more', () => {
  const errorOf = ({ code, stopsRun }: ProviderError) => of(`${code} ${stopsRun}`);
  const tooLong = 'ERR_WAIT_TOO_LONG true';
  const refuse = (waitMs: number | null) =>
    tap((ticket: CreateTicket) => {
      ticket.refused(waitMs);
    });

  it(
    'is tried once more after a minute if it asks to wait for years; then all in line fail, and later ones too',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      governor.admit().pipe(refuse(1e12)).subscribe();
      expectObservable(governor.admit().pipe(refuse(1e12), moment)).toBe('1m (a|)');
      expectObservable(governor.admit().pipe(map(String), catchError(errorOf))).toBe('1m (e|)', {
        e: tooLong,
      });
      const later = cold('2m x').pipe(
        concatMap(() => governor.admit().pipe(map(String), catchError(errorOf))),
      );
      expectObservable(later).toBe('2m e', { e: tooLong });
    }),
  );

  it(
    'continues unchanged if that try is accepted',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      governor.admit().pipe(refuse(1e12)).subscribe();
      const accept = tap((ticket: CreateTicket) => ticket.accepted(null));
      expectObservable(governor.admit().pipe(accept, moment)).toBe('1m (a|)');
      expectObservable(governor.admit().pipe(moment)).toBe('60540ms (a|)'); // a token in 500 ms, and the margin
    }),
  );

  it('is given up after `maxWaitMs` of refusals, and not before, however long the line is', () => {
    for (const maxWaitMs of [20_000, 600_000, 3_600_000]) {
      const scheduler = new VirtualTimeScheduler();
      scheduler.maxFrames = Number.POSITIVE_INFINITY;
      const governor = createGovernor({ perMinute: 600, maxWaitMs, scheduler });
      const ends: string[] = [];
      let refused = 0;
      const create = (wasRefused: boolean): Observable<never> =>
        governor.admit(wasRefused).pipe(
          concatMap((ticket) => {
            refused += 1;
            ticket.refused(null);
            return timer(0, scheduler).pipe(concatMap(() => create(true)));
          }),
        );
      range(100)
        .pipe(mergeMap(() => create(false).pipe(catchError(errorOf)), 10))
        .subscribe((end) => ends.push(end));
      scheduler.flush();
      expect(new Set(ends)).toEqual(new Set([tooLong]));
      expect(ends).toHaveLength(100);
      expect(scheduler.now()).toBeLessThanOrEqual(maxWaitMs);
      expect(scheduler.now()).toBeGreaterThan(maxWaitMs / 2);
      expect(refused).toBeLessThan(10 + 10 + maxWaitMs / 60_000);
    }
  });

  it('is not given up while it takes one request at a time, as a container does, for half an hour each', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    const governor = createGovernor({ perMinute: 600, scheduler });
    let isBusy = false;
    let made = 0;
    const create = (wasRefused: boolean): Observable<unknown> =>
      governor.admit(wasRefused).pipe(
        concatMap((ticket) => {
          if (isBusy) {
            ticket.refused(1_000);
            return timer(0, scheduler).pipe(concatMap(() => create(true)));
          }
          isBusy = true;
          return timer(1_800_000, scheduler).pipe(
            tap(() => {
              isBusy = false;
              made += 1;
              ticket.accepted(null);
            }),
          );
        }),
      );
    range(4)
      .pipe(mergeMap(() => create(false)))
      .subscribe();
    scheduler.flush();
    expect(made).toBe(4);
  });

  it('is given up although earlier requests never had a response, once they are reported as over', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    const governor = createGovernor({ perMinute: 600, scheduler });
    governor.admit().subscribe((ticket) => {
      ticket.over?.();
      ticket.over?.();
    });
    let end = '';
    const create = (): Observable<never> => governor.admit(true).pipe(refuse(60_000), concatMap(create));
    create()
      .pipe(catchError(errorOf))
      .subscribe((error) => {
        end = error;
      });
    scheduler.flush();
    expect(end).toBe(tooLong);
  });

  it('does not cost more than a few seconds a job if it refuses each job once and names no wait', () => {
    for (const concurrency of [6, 20]) {
      const scheduler = new VirtualTimeScheduler();
      scheduler.maxFrames = Number.POSITIVE_INFINITY;
      const governor = createGovernor({ perMinute: 600, scheduler });
      let made = 0;
      const create = (wasRefused: boolean): Observable<unknown> =>
        governor.admit(wasRefused).pipe(
          concatMap((ticket) => timer(30, scheduler).pipe(map(() => ticket))),
          concatMap((ticket) => {
            if (wasRefused) {
              ticket.accepted(null);
              made += 1;
              return timer(300, scheduler);
            }
            ticket.refused(null);
            return timer(0, scheduler).pipe(concatMap(() => create(true)));
          }),
        );
      range(20)
        .pipe(mergeMap(() => create(false), concurrency))
        .subscribe();
      scheduler.flush();
      expect(made).toBe(20);
      expect(scheduler.now()).toBeLessThan(60_000);
    }
  });

  it('has its pauses of 5 s or more reported, if they come from its limits, each once', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    const pauses: string[] = [];
    const onPause = (waitMs: number) => pauses.push(`${scheduler.now()}: ${waitMs}`);
    const governor = createGovernor({ perMinute: 600, scheduler, onPause });
    governor.admit().subscribe((ticket) => ticket.accepted({ remaining: 0, fullInMs: 10_000 }));
    for (const job of [1, 2]) {
      governor.admit().subscribe((ticket) => {
        if (job === 1) ticket.refused(30_000);
      });
    }
    expect(governor.closedMs?.()).toBe(0);
    scheduler.flush();
    expect(pauses).toEqual(['0: 10260']);
    expect(scheduler.now()).toBeGreaterThanOrEqual(40_260);
  });
});
