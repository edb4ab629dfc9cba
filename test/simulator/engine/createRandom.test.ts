import { expect, it } from 'vitest';
import { createRandom } from '../../../src/simulator/engine/random.ts';

it('gives the same numbers for the same seed, and others for another', () => {
  const numbers = (seed: string) => {
    const random = createRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(numbers('a')).toEqual(numbers('a'));
  expect(numbers('a')).not.toEqual(numbers('b'));
});

it('spreads evenly', () => {
  const random = createRandom('spread');
  const bins = Array.from({ length: 10 }, () => 0);
  for (let drawn = 0; drawn < 10_000; drawn += 1) bins[Math.floor(random.next() * 10)]! += 1;
  expect(Math.min(...bins)).toBeGreaterThan(900);
  expect(Math.max(...bins)).toBeLessThan(1_100);
});
