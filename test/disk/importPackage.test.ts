import { describe, expect, it } from 'vitest';
import { importPackage } from '../../src/disk/storageError.ts';

describe('importPackage', () => {
  it('resolves with the module', async () => {
    expect((await importPackage(import('node:path'), 'path')).basename('a/b')).toBe('b');
  });

  it('blames the installation or the machine, not the network or the image', async () => {
    const missing = './not-there.js';
    await expect(importPackage(import(missing), 'sharp')).rejects.toMatchObject({
      name: 'StorageError',
      code: 'ERR_NOT_LOADED',
      message: expect.stringContaining('sharp'),
    });
    const shortage = Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    await expect(importPackage(shortage, 'got')).rejects.toMatchObject({ code: 'ERR_TOO_MANY_FILES' });
  });
});
