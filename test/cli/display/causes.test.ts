import { expect, it } from 'vitest';
import { causeLine, createCauses, willRepeat } from '../../../src/cli/display/causes.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';

const failed = (index: number, message: string, code = 'ERR_A') =>
  outcome(index, { status: 'failed', error: outcomeError({ code, message }) });

it('groups by code and message, without its numbers, ids and quotes', () => {
  const causes = createCauses();
  expect(causes.add(failed(0, "Prediction abcdefghijklmnopqrstuvwx1 of 'a cat' failed after 3.5 s"))).toBe(1);
  expect(causes.add(failed(4, "Prediction bbcdefghijklmnopqrstuvwx2 of 'a dog' failed after 12 s"))).toBe(2);
  expect(causes.add(failed(5, 'The disk of the machine is full'))).toBe(1);
  expect(causes.add(failed(6, 'The disk of the machine is full', 'ERR_B'))).toBe(1);
  expect(causes.causes().map(({ count, indexes }) => [count, indexes])).toEqual([
    [2, [0, 4]],
    [1, [5]],
    [1, [6]],
  ]);
});

it('counts any number of failures in constant memory, first ones named', () => {
  const causes = createCauses();
  for (let index = 0; index < 10_000; index += 1) causes.add(failed(index, `job ${index} is too dark`));
  const [cause] = causes.causes();
  expect(causes.causes()).toHaveLength(1);
  expect(cause === undefined ? '' : causeLine(cause)).toBe(
    '10000 jobs (#1, #2, #3, …): job 0 is too dark – Change the prompt.',
  );
});

it('distinguishes a limited number, the others by their code', () => {
  const causes = createCauses();
  const word = (index: number) => index.toString(2).replaceAll('0', 'a').replaceAll('1', 'b');
  for (let index = 0; index < 1_000; index += 1) causes.add(failed(index, `it is ${word(index)}`));
  expect(causes.causes()).toHaveLength(200 + 1); // separate causes + the rest of ERR_A
  expect(causes.causes().reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
});

it.each([
  ['ERR_SAFETY', false, true],
  ['ERR_INVALID_INPUT', false, true],
  ['ERR_PREDICTION_FAILED', false, false],
  ['ERR_OUTPUT_GONE', false, false],
  ['ERR_SAFETY', true, false],
])('expects %s (recoverable: %s) to repeat: %s', (code, recoverable, repeats) => {
  expect(willRepeat(outcome(0, { error: outcomeError({ code, recoverable }) }))).toBe(repeats);
});
