import { expect, it } from 'vitest';
import { misspelledInputs } from '../../../src/sources/promptFiles/promptJobs.ts';
import { schema } from '../../helpers/contextOf.ts';

it.each([
  ['aspect-ratio', 'aspect_ratio'],
  ['Aspect Ratio', 'aspect_ratio'],
  ['SEED', 'seed'],
  ['num_output', 'num_outputs'],
  ['guidence', 'guidance'],
])('takes %s for %s', (field, input) => {
  expect(misspelledInputs([field], schema)).toEqual([{ field, input }]);
});

it('leaves inputs and other words alone', () => {
  expect(misspelledInputs(['seed', 'mood', 'platform', 'speed', 'need'], schema)).toEqual([]);
  expect(misspelledInputs(['aspect-ratio'], null)).toEqual([]);
});
