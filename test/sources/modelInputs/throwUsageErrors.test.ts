import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { throwUsageErrors } from '../../../src/sources/modelInputs/describeInput.ts';

it('lists several faults, each with one full stop after its message', () => {
  const faults = [
    new UsageError('One is wrong.', { suggestion: 'Mend it.' }),
    new UsageError('Two is wrong'),
  ];
  expect(() => throwUsageErrors(faults)).toThrow(
    /^Found 2 mistakes in the inputs:\n {2}One is wrong\. Mend it\.\n {2}Two is wrong\.$/,
  );
});

it('throws a single fault as it is, and nothing if there is none', () => {
  const fault = new UsageError('One is wrong.');
  expect(() => throwUsageErrors([fault, new UsageError('One is wrong.')])).toThrow(fault);
  expect(() => throwUsageErrors([])).not.toThrow();
});
