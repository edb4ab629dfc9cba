import { expect, it } from 'vitest';
import { firstNumber } from '../../../src/pipelines/rating/scoringModel.ts';
import type { Json } from '../../../src/types.ts';

it.each<[Json, number | null]>([
  [7.25, 7.25],
  ['7', 7],
  ['I give it 7.5 of 10.', 7.5],
  ['8/10', 8],
  ['-0.3', -0.3],
  ['.5', 0.5],
  ['1e-3', 0.001],
  // A number in a name does not count, one behind it does.
  ['gpt4 says 6', 6],
  ['flux-1.1 beats it: 3', 3],
  // A text in pieces.
  [['It is a ', '7', '.', '5', '.'], 7.5],
  [[], null],
  [[4, 9], 4],
  [{ comment: 'dull', score: 2.5, of: 10 }, 2.5],
  [{ scores: [{ aesthetic: '5.5' }] }, 5.5],
  ['no idea', null],
  [null, null],
  [true, null],
])('reads %j as %j', (output, expected) => {
  expect(firstNumber(output)).toBe(expected);
});
