import { expect, it } from 'vitest';
import { nearestName } from '../../src/base/suggest.ts';

it.each([
  ['widht', ['width', 'height'], 'width'],
  ['PNG', ['webp', 'png'], 'png'],
  ['tiff', ['webp', 'png'], null],
  ['a', [], null],
])('finds the name that %s was meant to be among %j', (typed, names, nearest) => {
  expect(nearestName(typed, names)).toBe(nearest);
});

it('compares no long texts, which a schema may list', () => {
  const long = 'a'.repeat(200_000);
  expect(nearestName(`${long}b`, [`${long}c`])).toBeNull();
  expect(nearestName('aaaa', Array(1_000).fill(long))).toBeNull();
});
