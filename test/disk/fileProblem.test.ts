import { expect, it } from 'vitest';
import { fileProblem, isMissing } from '../../src/disk/storageError.ts';

const fault = (code: unknown) => Object.assign(new Error('fault'), { code });

it.each([
  [fault('ENOENT'), 'none'],
  [fault('ENOTDIR'), 'none'],
  [fault('EACCES'), 'no permission to read it'],
  [fault('EIO'), 'an error when reading it (EIO)'],
  [fault(7), 'fault'],
  [new Error('not a picture'), 'not a picture'],
  ['thrown', 'thrown'],
])('%o is %s', (error, expected) => {
  expect(fileProblem(error)).toBe(expected);
});

it('names a missing file as the caller does', () => {
  expect(fileProblem(fault('ENOENT'), 'no file of that name')).toBe('no file of that name');
  expect(fileProblem(fault('EIO'), 'no file of that name')).toBe('an error when reading it (EIO)');
});

it('distinguishes a missing file from every other fault', () => {
  expect(
    [fault('ENOENT'), fault('ENOTDIR'), fault('EACCES'), new Error('x'), 'ENOENT'].map(isMissing),
  ).toEqual([true, false, false, false, false]);
});
