import { expect, it } from 'vitest';
import { isCutData, withoutLongData } from '../../src/base/modelInput.ts';

const long = (letter: string) => `data:image/png;base64,${letter.repeat(2_000)}`;

it('cuts long data: URLs wherever they stand, and nothing else', () => {
  const short = 'data:image/png;base64,AA==';
  const text = `The data: ${'x'.repeat(2_000)}`;
  expect(withoutLongData({ a: [long('x'), short], b: { c: text }, d: null, e: 1 })).toEqual({
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

it('keeps equal ones equal and others apart, and leaves alone what is cut already', () => {
  const cut = withoutLongData(long('x'));
  expect(withoutLongData(long('x'))).toBe(cut);
  expect(withoutLongData(long('y'))).not.toBe(cut);
  expect(withoutLongData(cut)).toBe(cut);
  expect([cut, long('x'), 'data:,a'].map(isCutData)).toEqual([true, false, false]);
});
