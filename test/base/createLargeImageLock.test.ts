import { describe, expect, it } from 'vitest';
import { createLargeImageLock } from '../../src/base/pictures.ts';

describe('createLargeImageLock', () => {
  const begun: string[] = [];
  const task = (name: string, end: Promise<unknown>) => () => {
    begun.push(name);
    return end;
  };

  it('lets small pictures in at once and large ones one by one, also behind one that failed', async () => {
    const inTurn = createLargeImageLock();
    const broken = Promise.withResolvers();
    const first = inTurn(32_000_001, task('first', broken.promise));
    const second = inTurn(268_000_000, task('second', Promise.resolve('whole')));
    await inTurn(32_000_000, task('small', Promise.resolve()));
    expect(begun).toEqual(['small', 'first']);
    broken.reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    expect(await second).toBe('whole');
    expect(begun).toEqual(['small', 'first', 'second']);
  });
});
