import { expect, it } from 'vitest';
import { createPictureCache } from '../../../src/simulator/pictures/pictures.ts';

it('draws once, also for concurrent calls', async () => {
  const cache = createPictureCache(100);
  let drawings = 0;
  const draw = async () => {
    drawings += 1;
    return Buffer.alloc(10);
  };
  await Promise.all([cache.get('a', draw), cache.get('a', draw)]);
  await cache.get('a', draw);
  expect(drawings).toBe(1);
});

it('stores no more than its bytes, and evicts the least recently used first', async () => {
  const cache = createPictureCache(100);
  const drawn: string[] = [];
  const get = (key: string) =>
    cache.get(key, async () => {
      drawn.push(key);
      return Buffer.alloc(40);
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
  expect(drawn).toEqual(['a', 'b', 'c', 'b']);
  expect(cache.storedBytes).toBe(80);
});

it('draws failed pictures again', async () => {
  const cache = createPictureCache(100);
  await expect(cache.get('a', () => Promise.reject(new Error('no ink')))).rejects.toThrow('no ink');
  expect((await cache.get('a', async () => Buffer.alloc(3))).length).toBe(3);
});
