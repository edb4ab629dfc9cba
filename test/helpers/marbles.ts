import { expect } from 'vitest';
import { marbles as withAssertion } from '../../src/testing/marbles.ts';

/** The package's own `marbles` with vitest's assertions, which are counted and have matchers. */
export function marbles(test: Parameters<typeof withAssertion>[0]): () => void {
  const assertEqual = (actual: unknown, expected: unknown) => expect(actual).toStrictEqual(expected);
  const run = withAssertion(test, { assertEqual });
  return () => {
    expect.hasAssertions();
    run();
  };
}
