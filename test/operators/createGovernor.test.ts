import fc from 'fast-check';
import { concatMap, defer, mergeMap, type Observable, range, timer, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createGovernor } from '../../src/operators/createGovernor.ts';
import { createTokenBucket } from '../../src/operators/createTokenBucket.ts';
import { marbles } from '../marbles.ts';

interface Service {
  perMinute: number;
  burst: number;
  /** What a refusal names; null: nothing. */
  retryAfterMs: (waitMs: number) => number | null;
}

/** Runs jobs through a governor against a service with a token bucket of its own, in virtual time. */
function run(
  service: Service,
  {
    jobs,
    concurrency,
    latencyMs = 1_600,
    perMinute = 600,
    governorBurst,
    refusalMs = () => 20,
  }: {
    jobs: number;
    concurrency: number;
    latencyMs?: number;
    perMinute?: number;
    governorBurst?: number;
    /** How long the next refusal takes to arrive. */
    refusalMs?: () => number;
  },
) {
  const scheduler = new VirtualTimeScheduler();
  const governor = createGovernor({
    perMinute,
    scheduler,
    ...(governorBurst !== undefined && { burst: governorBurst }),
  });
  const bucket = createTokenBucket({ ...service, now: () => scheduler.now() });
  const seen = { made: 0, refused: 0, lastAcceptedAtMs: 0, acceptedAtMs: [] as number[] };
  const create = (): Observable<unknown> =>
    governor.admit().pipe(
      concatMap(() => {
        const waitMs = bucket.waitMs();
        if (waitMs > 0) {
          seen.refused += 1;
          return timer(refusalMs(), scheduler).pipe(
            concatMap(() => {
              governor.throttle(service.retryAfterMs(waitMs));
              return defer(create);
            }),
          );
        }
        bucket.take();
        seen.lastAcceptedAtMs = scheduler.now();
        seen.acceptedAtMs.push(scheduler.now());
        return timer(latencyMs, scheduler).pipe(
          concatMap(() => {
            governor.accepted();
            seen.made += 1;
            return [];
          }),
        );
      }),
    );
  range(jobs).pipe(mergeMap(create, concurrency)).subscribe();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  scheduler.flush();
  return seen;
}

const wholeSeconds = (waitMs: number) => Math.ceil(waitMs / 1_000) * 1_000;

describe('pace', () => {
  for (const burst of [2, 5, 10]) {
    it(`comes within 15 % of a service that allows 120 a minute in bursts of ${burst}`, () => {
      const seen = run({ perMinute: 120, burst, retryAfterMs: wholeSeconds }, { jobs: 40, concurrency: 10 });
      const refillPerMs = (120 - (burst - 1)) / 60_000;
      const allowedMs = (40 - burst) / refillPerMs;
      expect(seen.made).toBe(40);
      expect(seen.refused).toBeLessThanOrEqual(20);
      expect(seen.lastAcceptedAtMs / allowedMs).toBeLessThan(1.15);
    });
  }

  it('comes through where the service names no wait', () => {
    for (const burst of [1, 2, 10]) {
      const seen = run({ perMinute: 120, burst, retryAfterMs: () => null }, { jobs: 40, concurrency: 10 });
      expect(seen.made).toBe(40);
      expect(seen.refused).toBeLessThanOrEqual(20);
      expect(seen.lastAcceptedAtMs).toBeLessThan(40 * 500 * 1.2);
    }
  });

  it('is refused ever more rarely by a service that stays the same', () => {
    for (const burst of [1, 10]) {
      const service = { perMinute: 120, burst, retryAfterMs: wholeSeconds };
      const seen = run(service, { jobs: 1_000, concurrency: 20 });
      expect(seen.made).toBe(1_000);
      expect(seen.refused).toBeLessThan(40);
      expect(seen.lastAcceptedAtMs).toBeLessThan(1_000 * 500 * 1.15);
    }
  });

  it('is not misled by refusals that arrive late', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      let turn = seed;
      const refusalMs = () => 20 + ((turn++ * 389) % 1_500);
      const service = { perMinute: 120, burst: 10, retryAfterMs: wholeSeconds };
      const seen = run(service, { jobs: 100, concurrency: 20, refusalMs });
      expect(seen.made).toBe(100);
      expect(seen.lastAcceptedAtMs).toBeLessThan(100 * 500 * 1.3);
    }
  });

  it('lets no more than `perMinute` be accepted in any minute, whatever is refused', () => {
    const paces = fc.record({
      perMinute: fc.integer({ min: 1, max: 60 }),
      governorBurst: fc.integer({ min: 1, max: 10 }),
      servicePerMinute: fc.integer({ min: 6, max: 120 }),
      serviceBurst: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(paces, ({ perMinute, governorBurst, servicePerMinute, serviceBurst }) => {
        const service = { perMinute: servicePerMinute, burst: serviceBurst, retryAfterMs: wholeSeconds };
        const burst = Math.min(governorBurst, perMinute);
        const jobs = 2 * perMinute;
        const { acceptedAtMs } = run(service, { jobs, concurrency: 20, perMinute, governorBurst: burst });
        expect(acceptedAtMs).toHaveLength(jobs);
        for (let n = perMinute; n < jobs; n += 1)
          expect((acceptedAtMs[n] ?? 0) - (acceptedAtMs[n - perMinute] ?? 0)).toBeGreaterThanOrEqual(60_000);
      }),
      { numRuns: 40 },
    );
  });

  it('settles at the pace of an account with little credit, 6 a minute', () => {
    for (const retryAfterMs of [wholeSeconds, () => 10_000]) {
      const seen = run({ perMinute: 6, burst: 1, retryAfterMs }, { jobs: 30, concurrency: 10 });
      expect(seen.made).toBe(30);
      expect(seen.refused).toBeLessThanOrEqual(15); // 9 of them in the first burst
      expect(seen.lastAcceptedAtMs).toBeLessThan(29 * 10_000 * 1.15);
    }
  });

  it('is not slowed by a service that never refuses', () => {
    const seen = run(
      { perMinute: 100_000, burst: 100, retryAfterMs: wholeSeconds },
      { jobs: 100, concurrency: 100 },
    );
    expect(seen).toMatchObject({ made: 100, refused: 0 });
    expect(seen.lastAcceptedAtMs).toBeLessThan(9_500); // 10 at once, then nearly 10 a second
  });

  it('grows again after refusals that were an exception', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = Number.POSITIVE_INFINITY;
    const governor = createGovernor({ perMinute: 600, scheduler });
    governor.admit().subscribe();
    governor.throttle(1_000);
    let admittedAtMs = 0;
    range(2_000)
      .pipe(concatMap(() => governor.admit()))
      .subscribe(() => {
        governor.accepted();
        admittedAtMs = scheduler.now();
      });
    scheduler.flush();
    expect(admittedAtMs).toBeLessThan(2_000 * 100 * 1.2);
  });
});

describe('line', () => {
  it(
    'admits first come, first served, at the pace given',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      expectObservable(governor.admit()).toBe('(a|)', { a: undefined });
      expectObservable(governor.admit()).toBe('-----(a|)', { a: undefined });
      expectObservable(governor.admit()).toBe('----------(a|)', { a: undefined });
    }),
  );

  it(
    'closes for as long as a refusal says; a shorter one does not open it sooner',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000, burst: 1 });
      governor.throttle(9);
      governor.throttle(3);
      expectObservable(governor.admit()).toBe('---------(a|)', { a: undefined });
    }),
  );

  it(
    'waits 1 s, then 2 s, … where refusals name no wait; those of one closure count once',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      const refuseThrice = () => {
        for (let n = 0; n < 3; n += 1) governor.throttle(null);
      };
      refuseThrice();
      expectObservable(governor.admit()).toBe('1s (a|)', { a: undefined });
      const late = cold('1010ms x').pipe(concatMap(() => governor.admit()));
      cold('1005ms x').subscribe(refuseThrice);
      expectObservable(late).toBe('3005ms a', { a: undefined });
    }),
  );

  it(
    'begins at 1 s again after an accepted create',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      governor.throttle(null);
      governor.accepted();
      governor.throttle(null);
      expectObservable(governor.admit()).toBe('1s (a|)', { a: undefined });
    }),
  );

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

  it(
    'keeps those in line waiting when a refusal comes meanwhile',
    marbles(({ cold, expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      expectObservable(governor.admit()).toBe('(a|)', { a: undefined });
      expectObservable(governor.admit()).toBe('------------(a|)', { a: undefined });
      cold('--x').subscribe(() => governor.throttle(10));
      expectObservable(cold('--x')).toBe('--x');
    }),
  );

  it(
    'lets who waits step out',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 12_000, burst: 1 });
      expectObservable(governor.admit()).toBe('(a|)', { a: undefined });
      expectObservable(governor.admit(), '--!').toBe('---');
      expectObservable(governor.admit()).toBe('-----(a|)', { a: undefined });
    }),
  );

  it('refuses bad limits at once', () => {
    expect(() => createGovernor({ perMinute: -1 })).toThrow('`perMinute`');
  });
});
