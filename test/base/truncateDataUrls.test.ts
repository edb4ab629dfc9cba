import { expect, it } from 'vitest';
import { isTruncatedDataUrl, truncateDataUrls } from '../../src/base/modelInput.ts';

const long = (letter: string) => `data:image/png;base64,${letter.repeat(2_000)}`;

it('truncates long data: URLs at any depth, and nothing else', () => {
  const short = 'data:image/png;base64,AA==';
  const text = `The data: ${'x'.repeat(2_000)}`;
  expect(truncateDataUrls({ a: [long('x'), short], b: { c: text }, d: null, e: 1 })).toEqual({
    a: [
      'data:image/png;base64,… (2022 characters, sha256 ' +
        '8eb070731265be0dc962cc04254b4c1432de338ae66a2273b43c0ba9d1c421a4)',
      short,
    ],
    b: { c: text },
    d: null,
    e: 1,
  });
});

it('keeps identical ones identical and others apart, and leaves truncated ones unchanged', () => {
  const cut = truncateDataUrls(long('x'));
  expect(truncateDataUrls(long('x'))).toBe(cut);
  expect(truncateDataUrls(long('y'))).not.toBe(cut);
  expect(truncateDataUrls(cut)).toBe(cut);
  expect([cut, long('x'), 'data:,a'].map(isTruncatedDataUrl)).toEqual([true, false, false]);
});
