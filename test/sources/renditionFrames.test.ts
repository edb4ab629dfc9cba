import { expect, it } from 'vitest';
import { parseRendition } from '../../src/sources/parseRendition.ts';
import { renditionFrames } from '../../src/sources/renditionFrames.ts';

it('are the same however a rendition is cut, captioned and encoded, and those of older folders', () => {
  const plain = parseRendition('thumb=64x48,webp,70');
  const rich = parseRendition(
    'thumb=64x48,webp,70,attention,max=9kB,background=red,overlay=a.png,caption=a,sharpen,effort=4',
  );
  expect(renditionFrames([plain, rich])).toEqual([plain, plain]);
});
