import { expect, it } from 'vitest';
import { createRecentIds } from '../../../src/providers/replicate/webhookEvents.ts';

it('recognizes an id until newer ones have replaced it', () => {
  const ids = createRecentIds(2);
  expect([ids.add('a'), ids.add('b'), ids.add('a')]).toEqual([true, true, false]);
  expect(ids.add('c')).toBe(true);
  expect(['a', 'b', 'c'].map(ids.has)).toEqual([false, true, true]);
  expect(ids.add('a')).toBe(true);
});
