import { expect, it } from 'vitest';
import { encoderConcurrency } from '../../src/base/pictures.ts';

it.each([
  [1, undefined, 1],
  [2, undefined, 2],
  [16, undefined, 3],
  [16, '20', 16],
  [16, '9', 8],
  [4, '1', 1],
  [8, 'many', 3],
])('%d cores, UV_THREADPOOL_SIZE %s: %d images at a time', (cores, poolSize, expected) => {
  expect(encoderConcurrency({ cores, poolSize })).toBe(expected);
});
