import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slug } from '../../../src/sources/planning/fileNames.ts';

it.each([
  ['A Café at Night, in the rain of 1920', 'a-cafe-at-night-in-the'],
  ["The baker's daughter", 'the-bakers-daughter'],
  ['Straße in Łódź, Ærø', 'strasse-in-lodz-aero'],
  ['夜の海、月', '夜の海-月'],
  ['がぎぐ', 'がぎぐ'],
  ['한국어 프롬프트', '한국어-프롬프트'],
  ['हिन्दी में', 'हिन्दी-में'],
  ['ночной город', 'ночной-город'],
  ['😀 !!! …', 'image'],
  ['', 'image'],
  ['../../etc/passwd', 'etc-passwd'],
  ['\u{1D4D0} fancy ﬁgure', 'a-fancy-figure'],
  ['❤️', 'image'],
  ['🏳️‍🌈 flag day', 'flag-day'],
  ['1️⃣ first', '1-first'],
])('makes %j %j', (prompt, name) => {
  expect(slug(prompt)).toBe(name);
});

it('cuts long words between letters', () => {
  expect(slug('海'.repeat(100))).toBe('海'.repeat(20));
  expect(slug('x'.repeat(2_000_000))).toBe('x'.repeat(60));
});

it('has only letters, digits and single dashes for any prompt', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (prompt) => {
      const name = slug(prompt);
      expect(name).toMatch(/^[\p{L}\p{M}\p{N}]+(-[\p{L}\p{M}\p{N}]+)*$/u);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(60);
    }),
  );
});
