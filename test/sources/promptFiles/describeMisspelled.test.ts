import { expect, it } from 'vitest';
import { describeMisspelled } from '../../../src/sources/promptFiles/rowFields.ts';
import { schema } from '../../helpers/contextOf.ts';

it.each([
  ['num_output', 'num_outputs'],
  ['guidence', 'guidance'],
])('takes %s for %s', (field, input) => {
  expect(describeMisspelled([field], schema)).toEqual([
    expect.stringMatching(new RegExp(`^\`${field}\` .*Did you mean \`${input}\``)),
  ]);
});

it('leaves inputs and other words alone', () => {
  expect(describeMisspelled(['seed', 'Aspect Ratio', 'mood', 'platform', 'speed', 'need'], schema)).toEqual(
    [],
  );
  expect(describeMisspelled(['aspect-ratio'], null)).toEqual([]);
});
