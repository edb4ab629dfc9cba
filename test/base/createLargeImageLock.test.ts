import { describe, expect, it } from 'vitest';
import { createLargeImageLock } from '../../src/base/pictures.ts';

describe('createLargeImageLock', () => {
  const begun: string[] = [];
  const task = (name: string, end: Promise<unknown>) => () => {
    begun.push(name);
    return end;
  };

  it('runs tasks on small images at once and on large ones one by one, also after a failure', async () => {
    const withLock = createLargeImageLock();
    const broken = Promise.withResolvers();
    const first = withLock(32_000_001, task('first', broken.promise));
    const second = withLock(268_000_000, task('second', Promise.resolve('whole')));
    await withLock(32_000_000, task('small', Promise.resolve()));
    expect(begun).toEqual(['small', 'first']);
    broken.reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    expect(await second).toBe('whole');
    expect(begun).toEqual(['small', 'first', 'second']);
  });
});
