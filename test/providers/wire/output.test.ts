import { describe, expect, it } from 'vitest';
import { outputUrls, predictionError } from '../../../src/providers/wire/output.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

it.each([
  ['https://a/b.png', ['https://a/b.png']],
  [
    ['https://a/1.png', 'data:image/png;base64,AA=='],
    ['https://a/1.png', 'data:image/png;base64,AA=='],
  ],
  [
    { image: 'https://a/1.png', text: 'hello', more: { mask: 'http://a/2.png' } },
    ['https://a/1.png', 'http://a/2.png'],
  ],
  ['https://a/out/ComfyUI 00001_.png', ['https://a/out/ComfyUI%2000001_.png']],
  [' https://a/b.png ', ['https://a/b.png']],
  ['https://a/b.png shows a cat', []],
  ['see https://a/b c.png', []],
  ['just text', []],
  ['file:///etc/passwd', []],
  [null, []],
  [7, []],
])('finds the files in %o', (output, expected) => {
  expect(outputUrls(output)).toEqual(expected);
});

describe('predictionError', () => {
  it.each([
    ['Director: unexpected error E9828', 'ERR_PREDICTION_FAILED', true],
    ['Prediction interrupted; please retry (code: PA)', 'ERR_PREDICTION_FAILED', true],
    ['Something went wrong, try again (code: PA)', 'ERR_PREDICTION_FAILED', true],
    ['Service is under high demand (E003)', 'ERR_PREDICTION_FAILED', true],
    ['E6716: start timed out', 'ERR_PREDICTION_FAILED', true],
    ['NSFW content detected. Try running it again, or try a different prompt.', 'ERR_SAFETY', false],
    [
      'The input or output was flagged as sensitive. Please try again with different inputs. (E005)',
      'ERR_SAFETY',
      false,
    ],
    ['CUDA out of memory', 'ERR_OUT_OF_MEMORY', false],
    ["unexpected keyword argument 'disable_safety_checker'", 'ERR_PREDICTION_FAILED', false],
    ['width must be a multiple of 8', 'ERR_PREDICTION_FAILED', false],
  ])('%s: %s, recoverable %s', (error, code, recoverable) => {
    expect(predictionError(aPrediction({ status: 'failed', error }))).toMatchObject({
      code,
      recoverable,
      predictionId: 'p1',
    });
  });

  it('leaves it to the user whether a canceled one is paid again; an aborted one was free', () => {
    expect(predictionError(aPrediction({ status: 'canceled' }))).toMatchObject({
      code: 'ERR_PREDICTION_CANCELED',
      recoverable: false,
    });
    expect(predictionError(aPrediction({ status: 'aborted' }))).toMatchObject({
      code: 'ERR_PREDICTION_ABORTED',
      recoverable: true,
    });
  });
});
