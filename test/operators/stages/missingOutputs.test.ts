import { expect, it } from 'vitest';
import { DownloadError } from '../../../src/errors.ts';
import { errorOfAll, errorOfEnded, noOutput } from '../../../src/operators/stages/missingOutputs.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';
import { madeOf } from '../../helpers/oneItem.ts';

it.each([
  [null, 'nothing'],
  ['a poem', 'the text "a poem"'],
  ['x'.repeat(300), `the text "${'x'.repeat(200)}…"`],
  [['a ', 'poem'], 'the text "a poem"'],
  [[], 'an empty list'],
  [[1, 2], 'a list of 2 values without files'],
  [7, 'the value 7'],
  [{}, 'an object without files: it is empty'],
  [{ text: 'a', score: 1 }, 'an object without files: text, score'],
  [
    Object.fromEntries([...'abcdefghijkl'].map((name) => [name, 1])),
    'an object without files: a, b, c, d, e, f, g, h, i, j, …',
  ],
])('names the output in place of files: %j', (output, got) => {
  const { code, message } = noOutput(aPrediction({ id: 'p1', output }));
  expect([code, message]).toEqual(['ERR_NO_OUTPUT', `Expected files from prediction p1, got ${got}.`]);
});

it('takes the error that another try may mend for that of all outputs, else the first', () => {
  const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
  const odd = new DownloadError('ERR_NOT_AN_IMAGE', 'odd');
  const cut = new DownloadError('ERR_TRUNCATED', 'cut', { recoverable: true });
  const all = (...errors: DownloadError[]) => errorOfAll(errors.map((error, output) => ({ output, error })));
  expect([all(gone, cut, odd), all(odd, gone), all()]).toEqual([cut, odd, undefined]);
});

it.each([
  ['canceled', undefined, 'ERR_PREDICTION_FAILED'],
  ['canceled', 600_000, 'ERR_PREDICTION_TIMEOUT'],
  ['aborted', 600_000, 'ERR_PREDICTION_TIMEOUT'],
  // It failed by itself, only late.
  ['failed', 600_000, 'ERR_PREDICTION_FAILED'],
] as const)('tells a prediction that is %s after a time-out of %s as %s', (status, timedOutMs, code) => {
  const prediction = aPrediction({ status, output: null, outputComplete: false });
  const item = madeOf(prediction, timedOutMs === undefined ? {} : { timedOutMs });
  expect(errorOfEnded(item).code).toBe(code);
});
