import { expect, it } from 'vitest';
import { expectOption } from '../../../src/base/options.ts';
import { expectBound, expectCount, expectWait } from '../../../src/operators/internal/options.ts';

it('names the option, the expected and the received value', () => {
  expect(() => expectOption(false, 'concurrency', 'an integer of 1 or more', 0)).toThrow(
    new RangeError('Expected `concurrency` to be an integer of 1 or more, got 0'),
  );
});

it('does nothing if all is right', () => {
  expect(() => expectOption(true, 'concurrency', 'an integer of 1 or more', 1)).not.toThrow();
});

it('has one error for all kinds of options', () => {
  for (const count of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => expectCount(count, 'concurrency', 1)).toThrow(
      new RangeError(`Expected \`concurrency\` to be an integer of 1 or more, got ${count}`),
    );
  expect(() => expectCount(0, 'retries', 0)).not.toThrow();
  for (const count of [-1, 0.5, Number.NaN])
    expect(() => expectBound(count, 'retries', 0)).toThrow(
      new RangeError(`Expected \`retries\` to be an integer of 0 or more, got ${count}`),
    );
  expect(() => expectBound(Number.POSITIVE_INFINITY, 'retries', 0)).not.toThrow();
  for (const waitMs of [-1, Number.NaN])
    expect(() => expectWait(waitMs, 'delayMs')).toThrow(
      new RangeError(`Expected \`delayMs\` to be a number of 0 or more, got ${waitMs}`),
    );
  expect(() => expectWait(Number.POSITIVE_INFINITY, 'delayMs')).not.toThrow();
});
