import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { type AssertEqual, assertFrames } from './assertFrames.ts';

export interface MarblesConfig {
  /**
   * Compares the actual notifications with the diagrams, and throws if they differ: the assertion
   * of your test runner, for its own messages and matchers. Default: as Node's `deepStrictEqual`,
   * with a list of the moments, in any runner.
   */
  assertEqual?: AssertEqual;
}

/**
 * Turns a marble test into a test function for vitest, jest, `node:test` or any other runner. Its
 * clock is virtual, for RxJS's schedulers and for the default clock of rxposure's operators: a wait
 * of an hour takes no time. Everything expected is compared at the end.
 *
 *     it('waits before it tries again', marbles(({ cold, expectObservable }) => {
 *       const source = cold('-#');
 *       const expected = '   ----#';
 *       const retrying = retryBackoff({ retries: 1, delayMs: 2, random: () => 1 });
 *       expectObservable(source.pipe(retrying)).toBe(expected);
 *     }));
 *
 * Blanks in a diagram take no time, so align diagrams by column. Each character is 1 ms, `20s` is a
 * stretch of time, and a group `(ab|)` takes as much time as it has characters. The helpers are
 * those of RxJS's `TestScheduler.run`.
 *
 * Promises, sockets and Node's own timers have no virtual time: a value that comes through a
 * promise does not come at all. The test function throws if `test` returns a promise, and throws
 * the errors of `assertEqual`. If your runner counts assertions (`expect.requireAssertions` of
 * vitest), give it `assertEqual: (actual, expected) => expect(actual).toStrictEqual(expected)`.
 */
export function marbles(test: (helpers: RunHelpers) => void, config: MarblesConfig = {}): () => void {
  const { assertEqual = assertFrames } = config;
  return () => {
    const scheduler = new TestScheduler((actual, expected) => {
      assertEqual(actual, expected);
    });
    withClock(
      () => scheduler.now(),
      () => scheduler.run((helpers) => expectNoPromise(test(helpers))),
    );
  };
}

function expectNoPromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  throw new TypeError(
    'Expected a marble test to return nothing, got a promise: awaited values have no virtual time.',
  );
}

/** Makes the default clock of rxposure's waits virtual for `run`: RxJS knows only its own. */
function withClock(nowMs: () => number, run: () => void): void {
  const own = Object.getOwnPropertyDescriptor(performance, 'now');
  const value = () => nowMs() - performance.timeOrigin;
  Object.defineProperty(performance, 'now', { value, configurable: true, writable: true });
  try {
    run();
  } finally {
    Reflect.deleteProperty(performance, 'now');
    if (own !== undefined) Object.defineProperty(performance, 'now', own);
  }
}
