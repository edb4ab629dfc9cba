import { EMPTY, NEVER, Observable, range, Subject, take, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { rateLimit } from '../../../src/operators/pace/rateLimit.ts';
import { marbles } from '../../helpers/marbles.ts';

const oneInFiveMs = { limit: 12_000, windowMs: 60_000, burst: 1 };

it(
  'spreads values and keeps their order',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('(abc|)');
    expectObservable(source.pipe(rateLimit(oneInFiveMs))).toBe('a 4ms b 4ms (c|)');
    expectSubscriptions(source.subscriptions).toBe('(^!)');
  }),
);

it(
  'passes on never, empty, one and a slow source',
  marbles(({ cold, expectObservable }) => {
    expectObservable(NEVER.pipe(rateLimit(oneInFiveMs)), '--!').toBe('---');
    expectObservable(EMPTY.pipe(rateLimit(oneInFiveMs))).toBe('|');
    expectObservable(cold('a|').pipe(rateLimit(oneInFiveMs))).toBe('a|');
    expectObservable(cold('a------b------c|').pipe(rateLimit(oneInFiveMs))).toBe('a------b------c|');
  }),
);

it(
  'lets a burst through after a pause, no larger than asked',
  marbles(({ cold, expectObservable }) => {
    const config = { limit: 12_001, windowMs: 60_000, burst: 2 }; // refills 12,000 in it
    expectObservable(cold('(abc)|').pipe(rateLimit(config))).toBe('(ab) -(c|)');
  }),
);

it(
  'passes an error on after the values before it, of which none is lost',
  marbles(({ cold, expectObservable }) => {
    const pace = { limit: 1, windowMs: 5 };
    expectObservable(cold('(abc|)').pipe(rateLimit(pace))).toBe('a----b----(c|)');
    expectObservable(cold('(abc#)').pipe(rateLimit(pace))).toBe('a----b----(c#)');
    expectObservable(cold('-#').pipe(rateLimit(pace))).toBe('-#');
  }),
);

it(
  'takes any window',
  marbles(({ cold, expectObservable }) => {
    const inASecond = rateLimit<string>({ limit: 10, windowMs: 1_000 });
    expectObservable(cold('(abc|)').pipe(inASecond)).toBe('a 99ms b 99ms (c|)');
    const inADay = rateLimit<string>({ limit: 1, windowMs: 40 * 24 * 3_600_000 });
    expectObservable(cold('(ab|)').pipe(inADay)).toBe('a 3455999999ms (b|)');
  }),
);

it(
  'stops when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('(ab)-');
    expectObservable(source.pipe(rateLimit(oneInFiveMs)), '---!').toBe('a---');
    expectSubscriptions(source.subscriptions).toBe('^--!');
  }),
);

it('stops an endless synchronous source that is no longer wanted', () => {
  let emitted = 0;
  const endless = new Observable<number>((subscriber) => {
    while (!subscriber.closed && emitted < 1_000) subscriber.next(emitted++);
  });
  const passed: number[] = [];
  endless.pipe(rateLimit({ limit: 60, windowMs: 60_000 }), take(1)).subscribe((value) => passed.push(value));
  expect(passed).toEqual([0]);
  expect(emitted).toBeLessThanOrEqual(2);
});

it('keeps the order, and one pause, if a value makes the source emit again', () => {
  const scheduler = new VirtualTimeScheduler();
  const source = new Subject<number>();
  const passed: [number, number][] = [];
  source.pipe(rateLimit({ limit: 61, windowMs: 60_000, burst: 2, scheduler })).subscribe((value) => {
    passed.push([value, scheduler.now()]);
    if (value < 10) source.next(value + 10);
  });
  source.next(1);
  source.next(2);
  expect(scheduler.actions).toHaveLength(1);
  scheduler.flush();
  expect(passed).toEqual([
    [1, 0],
    [11, 0],
    [2, 1_000],
    [12, 2_000],
  ]);
});

it('passes 20,000 values that ask for each other without growing the stack', () => {
  const source = new Subject<number>();
  let last = 0;
  source.pipe(rateLimit({ limit: 60_000, windowMs: 60_000, burst: 30_000 })).subscribe((value) => {
    last = value;
    if (value < 20_000) source.next(value + 1);
  });
  source.next(1);
  expect(last).toBe(20_000);
});

it('costs the same for each value, however many wait', () => {
  const timed = (count: number) => {
    const scheduler = new VirtualTimeScheduler();
    let passed = 0;
    range(count)
      .pipe(rateLimit({ limit: 60_000, windowMs: 60_000, burst: 1, scheduler }))
      .subscribe(() => {
        passed += 1;
      });
    scheduler.flush();
    return { passed, tookMs: scheduler.now() };
  };
  expect(timed(50_000)).toEqual({ passed: 50_000, tookMs: 49_999 });
});

it('refuses bad limits at once', () => {
  expect(() => rateLimit({ limit: 0, windowMs: 1 })).toThrow(
    'Expected `limit` to be a finite number above 0, got 0',
  );
  expect(() => rateLimit({ limit: Number.POSITIVE_INFINITY, windowMs: 1 })).toThrow('got Infinity');
  expect(() => rateLimit({ limit: 1, windowMs: 0 })).toThrow('`windowMs`');
  expect(() => rateLimit({ limit: 5, windowMs: 1, burst: 9 })).toThrow('`burst`');
});
