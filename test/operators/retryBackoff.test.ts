import { defer, EMPTY, lastValueFrom, NEVER, of, takeUntil, throwError, timer } from 'rxjs';
import { expect, it } from 'vitest';
import { retryBackoff } from '../../src/operators/retryBackoff.ts';
import { marbles } from '../helpers/marbles.ts';

const unjittered = { random: () => 1 };

it(
  'doubles the wait, then passes the error on',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('-#');
    const subs = ['      ^!', '      ---^!', '      --------^!'];
    const expected = '   ---------#';
    expectObservable(source.pipe(retryBackoff({ retries: 2, delayMs: 2, ...unjittered }))).toBe(expected);
    expectSubscriptions(source.subscriptions).toBe(subs);
  }),
);

it(
  'passes on never, empty, one and many',
  marbles(({ cold, expectObservable }) => {
    expectObservable(NEVER.pipe(retryBackoff()), '--!').toBe('---');
    expectObservable(EMPTY.pipe(retryBackoff())).toBe('|');
    expectObservable(of('a').pipe(retryBackoff())).toBe('(a|)');
    expectObservable(cold('a-b|').pipe(retryBackoff())).toBe('a-b|');
  }),
);

it(
  'waits a random part of the bound',
  marbles(({ cold, expectSubscriptions, expectObservable }) => {
    const source = cold('#');
    expectObservable(source.pipe(retryBackoff({ retries: 1, delayMs: 10, random: () => 0.3 }))).toBe('---#');
    expectSubscriptions(source.subscriptions).toBe(['(^!)', '---(^!)']);
  }),
);

it(
  'keeps the bound of the bound',
  marbles(({ cold, expectObservable }) => {
    const config = { retries: 3, delayMs: 2, maxDelayMs: 3, ...unjittered };
    expectObservable(cold('#').pipe(retryBackoff(config))).toBe('--------#'); // 2 + 3 + 3
  }),
);

it(
  'keeps the wait that the error names, exactly',
  marbles(({ cold, expectObservable }) => {
    const named = { retryAfterMs: 7 };
    const source = cold('#', undefined, named);
    expectObservable(source.pipe(retryBackoff({ retries: 1, random: () => 0 }))).toBe(
      '-------#',
      undefined,
      named,
    );
  }),
);

it(
  'tries after a minute, or the longest wait given, if an error asks for more',
  marbles(({ cold, expectObservable }) => {
    const named = { retryAfterMs: 1e12 };
    const source = cold('#', undefined, named);
    expectObservable(source.pipe(retryBackoff({ retries: 1 }))).toBe('1m #', undefined, named);
    expectObservable(source.pipe(retryBackoff({ retries: 2, maxRetryAfterMs: 3 }))).toBe(
      '------#',
      undefined,
      named,
    );
  }),
);

it('survives a wait that no timer can take', async () => {
  // Real timers: only they would fire at once.
  let tries = 0;
  const source = defer(() => {
    tries += 1;
    return throwError(() => ({ retryAfterMs: 1e12 }));
  });
  const config = { retries: 1, maxRetryAfterMs: Number.POSITIVE_INFINITY };
  const silent = source.pipe(retryBackoff(config), takeUntil(timer(9)));
  expect(await lastValueFrom(silent, { defaultValue: 'still waiting' })).toBe('still waiting');
  expect(tries).toBe(1);
});

it(
  'does not retry after a permanent error',
  marbles(({ cold, expectObservable, flush }) => {
    const asked: unknown[] = [];
    const shouldRetry = (error: unknown, attempt: number) => {
      asked.push([error, attempt]);
      return attempt < 2;
    };
    expectObservable(cold('#').pipe(retryBackoff({ delayMs: 1, shouldRetry, ...unjittered }))).toBe('-#');
    flush();
    expect(asked).toEqual([
      ['error', 1],
      ['error', 2],
    ]);
  }),
);

it(
  'reports each retry, and switches off with 0',
  marbles(({ cold, expectObservable, flush }) => {
    const seen: unknown[] = [];
    const onRetry = (retry: unknown) => seen.push(retry);
    expectObservable(cold('#').pipe(retryBackoff({ retries: 0, onRetry }))).toBe('#');
    expectObservable(
      cold('#').pipe(retryBackoff({ retries: 1, delayMs: 4, onRetry, random: () => 0.5 })),
    ).toBe('--#');
    flush();
    expect(seen).toEqual([{ error: 'error', attempt: 1, delayMs: 2 }]);
  }),
);

it(
  'restarts its count after each value, if it is asked to',
  marbles(({ cold, expectObservable }) => {
    const lasting = cold('a-#');
    const config = { retries: 1, delayMs: 2, resetOnSuccess: true, ...unjittered };
    expectObservable(lasting.pipe(retryBackoff(config)), '-------------!').toBe('a---a---a---a-');
    expectObservable(lasting.pipe(retryBackoff({ ...config, resetOnSuccess: false }))).toBe('a---a-#');
    // Waits 2, 2, then no value: 4 would be the second wait in a row.
    const later = [cold('a-#'), cold('--#'), cold('a|')];
    const source = defer(() => later.shift() ?? EMPTY);
    expectObservable(source.pipe(retryBackoff({ ...config, retries: 2 }))).toBe('a---------a|');
  }),
);

it(
  'retries for good, with waits that stay numbers',
  marbles(({ expectObservable, flush }) => {
    let tries = 0;
    const source = defer(() => (++tries > 1_100 ? of('a') : throwError(() => 'busy')));
    const config = { retries: Number.POSITIVE_INFINITY, maxDelayMs: 1, ...unjittered };
    expectObservable(source.pipe(retryBackoff({ ...config, delayMs: 1 }))).toBe('1100ms (a|)');
    flush();
    tries = 0;
    expectObservable(source.pipe(retryBackoff({ ...config, delayMs: 0 }))).toBe('1100ms (a|)');
  }),
);

it(
  'stops waiting when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('#');
    expectObservable(source.pipe(retryBackoff({ delayMs: 5, ...unjittered })), '--!').toBe('---');
    expectSubscriptions(source.subscriptions).toBe('(^!)');
  }),
);

it(
  'emits the error of a callback',
  marbles(({ expectObservable }) => {
    const failing = () => {
      throw 'callback';
    };
    expectObservable(throwError(() => 'source').pipe(retryBackoff({ shouldRetry: failing }))).toBe(
      '#',
      undefined,
      'callback',
    );
  }),
);

it('refuses bad options at once', () => {
  expect(() => retryBackoff({ retries: -1 })).toThrow(
    'Expected `retries` to be an integer of 0 or more, got -1',
  );
  expect(() => retryBackoff({ delayMs: Number.NaN })).toThrow('`delayMs`');
  expect(() => retryBackoff({ maxDelayMs: -5 })).toThrow('`maxDelayMs`');
});
