import { expect, it } from 'vitest';
import { expectOption } from '../../../src/operators/internal/options.ts';

it('names the option, what was expected and what came', () => {
  expect(() => expectOption(false, 'concurrency', 'an integer of 1 or more', 0)).toThrow(
    new RangeError('Expected `concurrency` to be an integer of 1 or more, got 0'),
  );
});

it('does nothing if all is right', () => {
  expect(() => expectOption(true, 'concurrency', 'an integer of 1 or more', 1)).not.toThrow();
});
