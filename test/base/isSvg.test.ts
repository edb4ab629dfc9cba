import { expect, it } from 'vitest';
import { isSvg } from '../../src/base/pictures.ts';

it.each([
  ['<svg>', true],
  ['<svg xmlns="http://www.w3.org/2000/svg"/>', true],
  ['\uFEFF <?xml version="1.0"?>\n<!-- a > b --><!-- c --><!DOCTYPE svg>\n<SVG >', true],
  ['<svgs>', false],
  ['<!-- <svg> -->', false],
  ['<!-- <svg>', false],
  ['<html><svg>', false],
  ['', false],
])('%j: %s', (text, expected) => {
  expect(isSvg(Buffer.from(text))).toBe(expected);
});

it('takes linear time, whatever precedes the root', () => {
  // Ways to divide these into comments: two to the power of 584.
  expect(isSvg(Buffer.from(`${'<!---->'.repeat(585)}<p>`))).toBe(false);
});
