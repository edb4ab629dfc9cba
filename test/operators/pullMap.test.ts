import { EMPTY, lastValueFrom, NEVER, Observable, of, take, throwError, timer, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { pullMap } from '../../src/operators/pullMap.ts';
import { marbles } from '../helpers/marbles.ts';

/** A synchronous source that counts its pulls. */
function counted<T>(values: Iterable<T>) {
  const seen = { pulled: 0, returned: 0 };
  const iterable: Iterable<T> = {
    [Symbol.iterator]() {
      const iterator = values[Symbol.iterator]();
      return {
        next() {
          seen.pulled += 1;
          return iterator.next();
        },
        return() {
          seen.returned += 1;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return { iterable, seen };
}

describe('timing', () => {
  it(
    'pulls an item when a slot is free',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('      ---(a|)');
      const b = cold('      -(b|)');
      const c = cold('       ----(c|)');
      const expected = '    -b-a-(c|)';
      expectObservable(pullMap([a, b, c], (inner) => inner, { concurrency: 2 })).toBe(expected);
      expectSubscriptions(a.subscriptions).toBe('^--!');
      expectSubscriptions(b.subscriptions).toBe('^!');
      expectSubscriptions(c.subscriptions).toBe('-^---!');
    }),
  );

  it(
    'takes one after the other with a single slot',
    marbles(({ cold, expectObservable }) => {
      const inner = () => cold('--(x|)');
      expectObservable(pullMap([1, 2, 3], inner, { concurrency: 1 })).toBe('--x-x-(x|)');
    }),
  );

  it(
    'completes at once on an empty source, and never on inner Observables that never end',
    marbles(({ expectObservable }) => {
      expectObservable(pullMap([], () => NEVER, { concurrency: 1 })).toBe('|');
      expectObservable(
        pullMap([1], () => NEVER, { concurrency: 1 }),
        '---!',
      ).toBe('----');
      expectObservable(pullMap([1, 2], () => EMPTY, { concurrency: 1 })).toBe('|');
    }),
  );

  it(
    'passes every value of an inner Observable on',
    marbles(({ cold, expectObservable }) => {
      expectObservable(pullMap([1], () => cold('a-b-(c|)'), { concurrency: 1 })).toBe('a-b-(c|)');
    }),
  );

  it(
    'ends with the error of an inner Observable and drops the others',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const failing = cold('--#');
      const other = cold('-----(o|)');
      expectObservable(pullMap([failing, other, other], (inner) => inner, { concurrency: 2 })).toBe('--#');
      expectSubscriptions(other.subscriptions).toBe(['^-!']);
    }),
  );

  it(
    'pulls nothing more after stop, finishes running work, then completes',
    marbles(({ cold, hot, expectObservable, flush }) => {
      const { iterable, seen } = counted([1, 2, 3, 4]);
      const stop = hot('-s');
      expectObservable(pullMap(iterable, () => cold('---(x|)'), { concurrency: 2, stop })).toBe('---(xx|)');
      flush();
      expect(seen).toEqual({ pulled: 2, returned: 1 });
    }),
  );
});

describe('the source', () => {
  it(
    'is never more than `concurrency` items ahead',
    marbles(({ cold, expectObservable, flush }) => {
      const { iterable, seen } = counted([1, 2, 3, 4, 5]);
      expectObservable(
        pullMap(iterable, () => cold('----|'), { concurrency: 3 }),
        '--!',
      ).toBe('---');
      flush();
      expect(seen).toEqual({ pulled: 3, returned: 1 });
    }),
  );

  it('ends the stream when it throws, and is not asked to return', () => {
    const { iterable, seen } = counted(
      (function* () {
        yield 1;
        throw new Error('source');
      })(),
    );
    const errors: unknown[] = [];
    pullMap(iterable, () => NEVER, { concurrency: 2 }).subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([new Error('source')]);
    expect(seen.returned).toBe(0);
  });

  it('is closed when the mapping throws', () => {
    const { iterable, seen } = counted([1, 2, 3]);
    const errors: unknown[] = [];
    const failing = () => {
      throw new Error('project');
    };
    pullMap(iterable, failing, { concurrency: 2 }).subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([new Error('project')]);
    expect(seen).toEqual({ pulled: 1, returned: 1 });
  });

  it(
    'may be endless',
    marbles(({ cold, expectObservable }) => {
      function* naturals() {
        for (let n = 0; ; n += 1) yield n;
      }
      expectObservable(
        pullMap(naturals(), () => cold('--(x|)'), { concurrency: 1 }),
        '-------!',
      ).toBe('--x-x-x-');
    }),
  );

  it('is closed at once when an endless synchronous inner Observable is no longer wanted', () => {
    const { iterable, seen } = counted([1, 2, 3]);
    const emitted = { count: 0 };
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted.count < 1_000) subscriber.next(emitted.count++);
    });
    const results: number[] = [];
    pullMap(iterable, () => endless, { concurrency: 1 })
      .pipe(take(2))
      .subscribe((value) => results.push(value));
    expect(results).toEqual([0, 1]);
    expect(emitted.count).toBeLessThanOrEqual(3);
    expect(seen).toEqual({ pulled: 1, returned: 1 });
  });

  it('completes 200,000 synchronous inner Observables without growing the stack', async () => {
    const many = Array.from({ length: 200_000 }, (_, n) => n);
    const last = await lastValueFrom(pullMap(many, (n) => of(n), { concurrency: 3 }));
    expect(last).toBe(199_999);
  });
});

describe('an asynchronous source', () => {
  async function* numbers(count: number, seen: { pulled: number; closed: boolean }) {
    try {
      for (let n = 0; n < count; n += 1) {
        seen.pulled += 1;
        yield n;
      }
    } finally {
      seen.closed = true;
    }
  }

  it('is mapped as a whole', async () => {
    const seen = { pulled: 0, closed: false };
    const results = pullMap(numbers(1_000, seen), (n) => of(n), { concurrency: 7 }).pipe(toArray());
    expect(await lastValueFrom(results)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(seen).toEqual({ pulled: 1_000, closed: true });
  });

  it('is pulled one item at a time and never more than `concurrency` ahead', async () => {
    const seen = { pulled: 0, closed: false };
    const subscription = pullMap(numbers(1_000, seen), () => NEVER, { concurrency: 5 }).subscribe();
    await timerMs(5);
    expect(seen).toEqual({ pulled: 5, closed: false });
    subscription.unsubscribe();
    await timerMs(1);
    expect(seen.closed).toBe(true);
  });

  it('ends the whole when it rejects', async () => {
    async function* failing() {
      yield 1;
      throw new Error('source');
    }
    await expect(lastValueFrom(pullMap(failing(), (n) => of(n), { concurrency: 2 }))).rejects.toThrow(
      'source',
    );
  });

  it('does not keep a stopped run waiting for an item that never comes', async () => {
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const stop = timer(2);
    await expect(
      lastValueFrom(
        pullMap(silent, (n) => of(n), { concurrency: 2, stop }),
        { defaultValue: 'done' },
      ),
    ).resolves.toBe('done');
  });

  it('lets inner Observables finish when its last item fails after stop', async () => {
    let abortRead: (error: Error) => void = () => {};
    let asked = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked += 1;
          if (asked === 1) return Promise.resolve({ done: false, value: 1 });
          return new Promise((_, reject) => {
            abortRead = reject;
          });
        },
        return: () => {
          abortRead(new Error('read aborted'));
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const results = pullMap(source, () => timer(9), { concurrency: 2, stop: timer(3) }).pipe(toArray());
    expect(await lastValueFrom(results)).toEqual([0]);
    expect(asked).toBe(2);
  });

  it('ignores an error that it throws while it is being closed', async () => {
    const stubborn: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(new Error('return')),
      }),
    };
    const failing = pullMap(stubborn, () => throwError(() => new Error('inner')), { concurrency: 1 });
    await expect(lastValueFrom(failing)).rejects.toThrow('inner');
  });
});

it('keeps its state per subscription', async () => {
  const source = new Set([1, 2]);
  const mapped = pullMap(source, (n) => of(n * 2), { concurrency: 1 }).pipe(toArray());
  expect(await lastValueFrom(mapped)).toEqual([2, 4]);
  expect(await lastValueFrom(mapped)).toEqual([2, 4]);
});

it('takes everything that RxJS can subscribe to', async () => {
  const mapped = pullMap(
    [1, 2],
    (n) => (n === 1 ? Promise.resolve('promise') : new Observable<string>((s) => s.complete())),
    { concurrency: 1 },
  );
  expect(await lastValueFrom(mapped.pipe(toArray()))).toEqual(['promise']);
});

it('refuses a bad concurrency at once', () => {
  expect(() => pullMap([1], () => of(1), { concurrency: 0 })).toThrow(
    'Expected `concurrency` to be an integer of 1 or more, got 0',
  );
  expect(() => pullMap([1], () => of(1), { concurrency: 1.5 })).toThrow('got 1.5');
});

function timerMs(ms: number): Promise<unknown> {
  return lastValueFrom(timer(ms));
}
