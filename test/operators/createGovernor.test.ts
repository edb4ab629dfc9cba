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
  }: { jobs: number; concurrency: number; latencyMs?: number; perMinute?: number },
) {
  const scheduler = new VirtualTimeScheduler();
  const governor = createGovernor({ perMinute, scheduler });
  const bucket = createTokenBucket({ ...service, now: () => scheduler.now() });
  const seen = { made: 0, refused: 0, lastAcceptedAtMs: 0 };
  const create = (): Observable<unknown> =>
    governor.admit().pipe(
      concatMap(() => {
        const waitMs = bucket.waitMs();
        if (waitMs > 0) {
          seen.refused += 1;
          return timer(20, scheduler).pipe(
            concatMap(() => {
              governor.throttle(service.retryAfterMs(waitMs));
              return defer(create);
            }),
          );
        }
        bucket.take();
        seen.lastAcceptedAtMs = scheduler.now();
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
    const seen = run({ perMinute: 120, burst: 2, retryAfterMs: () => null }, { jobs: 40, concurrency: 10 });
    expect(seen.made).toBe(40);
    expect(seen.refused).toBeLessThanOrEqual(20);
  });

  it('settles at the pace of an account with little credit, 6 a minute', () => {
    const seen = run({ perMinute: 6, burst: 1, retryAfterMs: wholeSeconds }, { jobs: 30, concurrency: 10 });
    expect(seen.made).toBe(30);
    expect(seen.refused).toBeLessThan(30);
    expect(seen.lastAcceptedAtMs).toBeLessThan(29 * 10_000 * 1.15);
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
    'waits 1 s, 2 s, … where refusals name no wait',
    marbles(({ expectObservable }) => {
      const governor = createGovernor({ perMinute: 60_000 });
      governor.throttle(null);
      governor.throttle(null);
      expectObservable(governor.admit()).toBe('2s (a|)', { a: undefined });
    }),
  );

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
