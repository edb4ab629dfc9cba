import { describe, expect, it } from 'vitest';
import { stemOf, withStem } from '../../../../src/pipelines/run/matching/jobFiles.ts';
import { anOutcome } from '../../../helpers/anOutcome.ts';

const image = { name: 'original', format: 'png', width: 8, height: 8, bytes: 1, sha256: '00' } as const;
const originals = (...paths: string[]) => {
  const files = paths.map((path, output) => ({ ...image, role: 'original' as const, path, output }));
  return anOutcome({ files });
};

describe('the stem of a job', () => {
  it.each([
    ['one file', ['1-cat.png'], '1-cat'],
    ['a file that has evaded another one', ['1-cat-2.png'], '1-cat-2'],
    ['two files', ['1-cat.png', '1-cat--2.png'], '1-cat'],
    ['a name that ends with a number', ['1-cat-2.png', '1-cat-2--2.png'], '1-cat-2'],
    ['two files that have evaded others', ['1-cat-2.png', '1-cat--2-2.png'], '1-cat'],
    ['two files, of which the first has', ['1-cat-3.png', '1-cat--2.png'], '1-cat'],
    ['an untouched original', ['1-cat-2.png', 'originals/1-cat--2-2.png'], '1-cat'],
  ])('is the common beginning of its files: %s', (_what, paths, stem) => {
    expect(stemOf(originals(...paths))).toBe(stem);
  });
});

it('moves all files of a job, also if some of them have evaded others', () => {
  const { renamed } = withStem(originals('1-cat-2.png', '1-cat--2-2.png'), '1-cat', '5-cat');
  expect(renamed.map(({ oldPath, newPath }) => `${oldPath} ${newPath}`)).toEqual([
    '1-cat-2.png 5-cat-2.png',
    '1-cat-2.json 5-cat-2.json',
    '1-cat--2-2.png 5-cat--2-2.png',
    '1-cat--2-2.json 5-cat--2-2.json',
  ]);
});
