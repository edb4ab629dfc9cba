import { expect, it } from 'vitest';
import { misspelledInputs } from '../../../src/sources/promptFiles/rowFields.ts';
import { schema } from '../../helpers/contextOf.ts';

it.each([
  ['num_output', 'num_outputs'],
  ['guidence', 'guidance'],
])('takes %s for %s', (field, input) => {
  expect(misspelledInputs([field], schema)).toEqual([{ field, input }]);
});

it('leaves inputs and other words alone', () => {
  expect(misspelledInputs(['seed', 'Aspect Ratio', 'mood', 'platform', 'speed', 'need'], schema)).toEqual([]);
  expect(misspelledInputs(['aspect-ratio'], null)).toEqual([]);
});
