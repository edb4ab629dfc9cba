import { AssertionError } from 'node:assert';
import { readFileSync } from 'node:fs';
import { defer, of, timer } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import { expect, expectTypeOf, it } from 'vitest';
import { monotonicScheduler } from '../../src/base/monotonicScheduler.ts';
import { retryBackoff } from '../../src/operators/retryBackoff.ts';
import { marbles } from '../../src/testing/marbles.ts';

const failure = (test: () => void): AssertionError => {
  try {
    test();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error('Expected the test to fail.');
};

it('passes a test whose diagrams are right, blanks left out', () => {
  let ran = false;
  const test = marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('-#');
    const subs = ['      ^!', '      ---^!'];
    const expected = '   ----#';
    expectObservable(source.pipe(retryBackoff({ retries: 1, delayMs: 2, random: () => 1 }))).toBe(expected);
    expectSubscriptions(source.subscriptions).toBe(subs);
    ran = true;
  });
  expect(ran).toBe(false);
  test();
  expect(ran).toBe(true);
});

it('fails one whose diagram is wrong, with the moments of both sides', () => {
  const test = marbles(({ cold, expectObservable }) => {
    expectObservable(cold('-a-|')).toBe('-a|');
  });
  const { message, actual, expected } = failure(test);
  expect(message).toBe("Expected\n  1ms: next 'a'\n  2ms: complete\ngot\n  1ms: next 'a'\n  3ms: complete");
  expect(actual).toHaveLength(2);
  expect(expected).toHaveLength(2);
});

it('names errors, missing values and subscriptions in its message', () => {
  const wrong = marbles(({ cold, expectObservable }) => {
    expectObservable(cold('-#', undefined, new Error('refused'))).toBe('');
  });
  expect(failure(wrong).message).toMatch(/^Expected\n {2}nothing\ngot\n {2}1ms: error Error: refused/);
  const open = marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('--|');
    expectObservable(source).toBe('--|');
    expectSubscriptions(source.subscriptions).toBe('^');
  });
  expect(failure(open).message).toBe(
    'Expected\n  subscribed at 0ms, unsubscribed never\ngot\n  subscribed at 0ms, unsubscribed at 2ms',
  );
});

it('compares by the given assertion', () => {
  const compared: unknown[] = [];
  const assertEqual = (actual: unknown, expected: unknown) => compared.push(actual, expected);
  marbles(({ expectObservable }) => expectObservable(of(1)).toBe('(b|)'), { assertEqual })();
  expect(compared).toMatchObject([
    [{ frame: 0, notification: { kind: 'N', value: 1 } }, { notification: { kind: 'C' } }],
    [{ frame: 0, notification: { kind: 'N', value: 'b' } }, { notification: { kind: 'C' } }],
  ]);
});

it('has virtual time for the default clock of waits too, and gives it back', () => {
  const realNow = performance.now;
  marbles(({ expectObservable }) => {
    const later = defer(() => timer(3_600_000, monotonicScheduler));
    expectObservable(later).toBe('3600s (a|)', { a: 0 });
    expect(monotonicScheduler.now()).toBe(0);
  })();
  expect(performance.now).toBe(realNow);
  expect(monotonicScheduler.now()).toBeGreaterThan(1_000_000_000_000);
});

it('gives the clock back after a test that throws', () => {
  const realNow = performance.now;
  const test = marbles(() => {
    throw new Error('the test itself');
  });
  expect(test).toThrow('the test itself');
  expect(performance.now).toBe(realNow);
});

it('refuses a test that returns a promise', () => {
  expect(marbles((async () => {}) as () => void)).toThrow(
    'Expected a marble test to return nothing, got a promise: awaited values have no virtual time.',
  );
});

it('needs no test runner: nothing in the room imports one', () => {
  for (const name of ['marbles', 'assertFrames', 'expectPulls', 'fakeProvider']) {
    expect(readFileSync(`src/testing/${name}.ts`, 'utf8')).not.toMatch(/from '(vitest|jest|node:test)/);
  }
});

it('has the types of RxJS', () => {
  expectTypeOf(marbles).parameter(0).toEqualTypeOf<(helpers: RunHelpers) => void>();
  expectTypeOf(marbles).returns.toEqualTypeOf<() => void>();
  expect(marbles(() => {})()).toBeUndefined();
});
