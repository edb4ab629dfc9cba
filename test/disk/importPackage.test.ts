import { describe, expect, it } from 'vitest';
import { importPackage } from '../../src/disk/storageError.ts';

describe('importPackage', () => {
  it('resolves with the module, which is loaded once', async () => {
    let loads = 0;
    const load = () => {
      loads += 1;
      return import('node:path');
    };
    const [first, second] = await Promise.all([importPackage('paths', load), importPackage('paths', load)]);
    expect(first.basename('a/b')).toBe('b');
    expect(await importPackage('paths', load)).toBe(second);
    expect(loads).toBe(1);
  });

  it('blames the installation or the machine, not the network or the image', async () => {
    const missing = './not-there.js';
    await expect(importPackage('lacking', () => import(missing))).rejects.toMatchObject({
      name: 'StorageError',
      code: 'ERR_NOT_LOADED',
      message: expect.stringContaining('lacking'),
    });
    const shortage = Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    await expect(importPackage('short', () => shortage)).rejects.toMatchObject({
      code: 'ERR_TOO_MANY_FILES',
    });
  });

  it('retries a package that could not be loaded', async () => {
    const shortage = Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    await expect(importPackage('later', () => shortage)).rejects.toThrow();
    expect(await importPackage('later', async () => 'loaded')).toBe('loaded');
  });
});
