import { TestScheduler } from 'rxjs/testing';
import { expect, vi } from 'vitest';

type RunHelpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/**
 * Turns a marble test into a test function: the clock is virtual, and everything expected is
 * compared at the end.
 *
 *     it('passes values on', marbles(({ cold, expectObservable }) => { … }));
 */
export function marbles(test: (helpers: RunHelpers) => void): () => void {
  return () => {
    expect.hasAssertions();
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toStrictEqual(expected));
    // RxJS makes its own clocks virtual, and the default clock of our waits is not one of them.
    const clock = vi
      .spyOn(performance, 'now')
      .mockImplementation(() => scheduler.now() - performance.timeOrigin);
    try {
      scheduler.run(test);
    } finally {
      clock.mockRestore();
    }
  };
}
