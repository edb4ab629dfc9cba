import { expect, it } from 'vitest';
import { newId } from '../../../src/simulator/engine/random.ts';

it('is 26 lower-case letters and digits, another one each time', () => {
  const ids = Array.from({ length: 10_000 }, newId);
  expect(new Set(ids).size).toBe(10_000);
  expect(ids.filter((id) => !/^[0-9a-hjkmnp-tv-z]{26}$/.test(id))).toEqual([]);
});
