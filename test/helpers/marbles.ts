import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';

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
    scheduler.run(test);
  };
}
