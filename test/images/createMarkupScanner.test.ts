import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMarkupScanner } from '../../src/images/formats/markup.ts';

function scan(...pieces: readonly string[]) {
  const scanner = createMarkupScanner();
  for (const piece of pieces) scanner.push(piece);
  const { root, elements, isClosed } = scanner;
  return { root, elements, isClosed };
}

const document = `<?xml version="1.0"?><!-- a > b --><!DOCTYPE svg [<!ENTITY a "b">]>
<svg width="3" title='a > "b"'><g/><a b="/"><![CDATA[ </a> ]]></a><!-- <c> --></svg>
`;

it('finds the root, its elements and its end', () => {
  expect(scan(document)).toEqual({ root: `svg width="3" title='a > "b"'`, elements: 3, isClosed: true });
  expect(scan('<svg/>')).toEqual({ root: 'svg/', elements: 1, isClosed: true });
});

it('finds the same, however the text comes in pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(document.length)), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), document.length];
      const pieces = at.slice(1).map((end, n) => document.slice(at[n], end));
      expect(scan(...pieces)).toEqual(scan(document));
    }),
  );
});

it('is not closed before the end', () => {
  const end = document.lastIndexOf('>');
  for (let length = 0; length <= end; length += 1) {
    expect(scan(document.slice(0, length)).isClosed).toBe(false);
  }
});

describe('markup that is none', () => {
  it.each([
    ['<a></b>', 'its elements are not nested'],
    ['</a>', 'an element ends that has not begun'],
    ['<a/><b/>', 'something follows its end'],
    ['<a/>b', 'something follows its end'],
    ['<>', 'a tag has no name'],
  ])('%s', (text, fault) => {
    expect(() => scan(text)).toThrow(fault);
  });
});

it('takes deep elements as they come, and remembers names of some', () => {
  const depth = 200_000;
  expect(scan('<g>'.repeat(depth), '</g>'.repeat(depth))).toMatchObject({ elements: depth, isClosed: true });
});
