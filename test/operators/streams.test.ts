import {
  type MonoTypeOperatorFunction,
  Observable,
  of,
  range,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { flattenAll } from '../../src/base/items/flattenAll.ts';
import { cachedBy } from '../../src/operators/cachedBy.ts';
import { fallbackTo } from '../../src/operators/fallbackTo.ts';
import { createGate, gate } from '../../src/operators/gate.ts';
import { inWaves } from '../../src/operators/inWaves.ts';
import { keepBest } from '../../src/operators/keepBest.ts';
import { circuitBreaker, createBreaker } from '../../src/operators/pace/circuitBreaker.ts';
import { paced } from '../../src/operators/pace/paced.ts';
import { rateLimit } from '../../src/operators/pace/rateLimit.ts';
import { pullMap } from '../../src/operators/pullMap.ts';
import { refine } from '../../src/operators/refine.ts';
import { requeue } from '../../src/operators/requeue.ts';
import { retryBackoff } from '../../src/operators/retryBackoff.ts';
import { tapEvents } from '../../src/operators/tapEvents.ts';

const MANY = 100_000;

/** Operators that pass values on as they come. */
const passing: Readonly<Record<string, () => MonoTypeOperatorFunction<number>>> = {
  circuitBreaker: () => circuitBreaker(createBreaker({ failures: 1 }), { name: 'model' }),
  fallbackTo: () => fallbackTo([of(1)]),
  gate: () => gate(createGate(1)),
  flattenAll: () => flattenAll((n) => of(n), { concurrency: 1, failsFast: true }),
  'flattenAll without a bound': () =>
    flattenAll((n) => of(n), { concurrency: Number.POSITIVE_INFINITY, failsFast: true }),
  paced: () => paced({ admit: () => of({ accepted() {}, refused() {} }) }),
  rateLimit: () => rateLimit({ limit: 1e9, windowMs: 60_000, burst: 2 * MANY }),
  retryBackoff: () => retryBackoff(),
  tapEvents: () => tapEvents(() => {}, { next: () => null }),
};

describe.each(Object.entries(passing))('%s', (_, operator) => {
  it('passes 100,000 synchronous values on without growing the stack', () => {
    const seen = { count: 0, last: 0, ended: false };
    range(1, MANY)
      .pipe(operator())
      .subscribe({
        next: (value) => {
          seen.count += 1;
          seen.last = value;
        },
        complete: () => {
          seen.ended = true;
        },
      });
    expect(seen).toEqual({ count: MANY, last: MANY, ended: true });
  });

  it('stops an endless synchronous source that is no longer wanted', () => {
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 1_000) subscriber.next(emitted++);
    });
    const values: number[] = [];
    endless.pipe(operator(), take(2)).subscribe((value) => values.push(value));
    expect(values).toEqual([0, 1]);
    expect(emitted).toBe(2);
  });

  it('passes on, in order, values that its subscriber pushes meanwhile, and ends when that unsubscribes', () => {
    const source = new Subject<number>();
    const values: number[] = [];
    const subscription = source.pipe(operator()).subscribe((value) => {
      values.push(value);
      if (value < 3) source.next(value + 1);
      else if (value === 3) subscription.unsubscribe();
    });
    source.next(0);
    source.next(9);
    expect(values).toEqual([0, 1, 2, 3]);
    expect(source.observed).toBe(false);
  });

  it('keeps the state of two subscribers apart', () => {
    const source = new Subject<number>();
    const shared = operator();
    const values: string[] = [];
    const a = source.pipe(shared, take(1));
    const b = source.pipe(shared);
    const first = a.subscribe((value) => values.push(`a${value}`));
    const second = b.subscribe((value) => values.push(`b${value}`));
    source.next(1);
    source.next(2);
    expect(values).toEqual(
      // One slot for both: the second one enters after the first.
      values.includes('b1') ? ['a1', 'b1', 'b2'] : ['a1', 'b2'],
    );
    expect(first.closed).toBe(true);
    second.unsubscribe();
    expect(source.observed).toBe(false);
  });
});

/** Sources that make streams of their own, each of 100,000 items at once. */
const items = Array.from({ length: MANY }, (_, n) => n + 1);
const own: Readonly<Record<string, () => Observable<number>>> = {
  cachedBy: () =>
    range(1, MANY).pipe(
      cachedBy({ keyOf: (n) => (n % 99 ? null : String(n)), make: (n) => of(n), concurrency: 2 }),
      flattenAll(({ result }) => [result], { concurrency: 1 }),
    ),
  inWaves: () => inWaves(items, (n) => of(n), { waveSize: 10, pauseMs: 0, concurrency: 3 }),
  pullMap: () => pullMap(items, (n) => [n], { concurrency: 3 }),
  'refine of 100,000 rounds': () =>
    refine([1], { run: (all) => all, next: ([n = 0]) => [n + 1], rounds: MANY - 1 }),
  requeue: () => requeue(items, (n) => of(n), { concurrency: 3, retries: 1 }),
};

describe.each(Object.entries(own))('%s', (_, stream) => {
  it('neither overflows the stack nor stalls', async () => {
    const seen = { count: 0, last: 0 };
    await new Promise<void>((complete, error) =>
      stream().subscribe({
        next: (value) => {
          seen.count += 1;
          seen.last = value;
        },
        error,
        complete,
      }),
    );
    expect(seen).toEqual({ count: MANY, last: MANY });
  });

  it('ends when its subscriber unsubscribes within next', () => {
    const values: number[] = [];
    stream()
      .pipe(take(2), toArray())
      .subscribe((all) => values.push(...all));
    expect(values).toEqual(values.length === 0 ? [] : [1, 2]);
  });
});

it('keepBest takes 100,000 synchronous values', () => {
  let best: number[] = [];
  range(1, MANY)
    .pipe(keepBest(3, { scoreOf: (n) => n % 1_000 }), toArray())
    .subscribe((all) => {
      best = all;
    });
  expect(best).toEqual([999, 1_999, 2_999]);
});

it('requeue tries a task that fails at once 5,000 times, without growing the stack', () => {
  const attempts: number[] = [];
  const often = (_: number, { attempt }: { attempt: number }) =>
    attempt <= 5_000 ? throwError(() => 'busy') : of(attempt);
  requeue([1], often, { concurrency: 2, retries: 5_000 }).subscribe((attempt) => attempts.push(attempt));
  expect(attempts).toEqual([5_001]);
});
