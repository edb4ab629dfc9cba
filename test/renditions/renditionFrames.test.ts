import { expect, it } from 'vitest';
import { renditionFrames } from '../../src/renditions/lists.ts';
import { parseRendition } from '../../src/renditions/notation.ts';

it('are the same however a rendition is cut, captioned and encoded, and those of older folders', () => {
  const plain = parseRendition('thumb=64x48,webp,70');
  const rich = parseRendition(
    'thumb=64x48,webp,70,attention,max=9kB,background=red,overlay=a.png,caption=a,sharpen,effort=4',
  );
  expect(renditionFrames([plain, rich])).toEqual([plain, plain]);
});
