import { describe, expect, it } from 'vitest';
import { toStorageError } from '../../src/disk/storageError.ts';
import { StorageError } from '../../src/errors.ts';

describe('toStorageError', () => {
  it.each([
    ['ENOSPC', 'ERR_DISK_FULL'],
    ['EDQUOT', 'ERR_DISK_FULL'],
    ['EFBIG', 'ERR_DISK_FULL'],
    ['EMFILE', 'ERR_TOO_MANY_FILES'],
    ['ENFILE', 'ERR_TOO_MANY_FILES'],
    ['EACCES', 'ERR_NOT_WRITABLE'],
    ['EROFS', 'ERR_NOT_WRITABLE'],
    ['EIO', 'ERR_DISK'],
  ])('knows %s', (systemCode, code) => {
    const fault = Object.assign(new Error('fault'), { code: systemCode });
    const error = toStorageError(fault, '/out/cat.png');
    expect(error).toMatchObject({ code, cause: fault, recoverable: true });
    expect(error.message).toMatch(` /out/cat.png (${systemCode}).`);
    expect(error.suggestion).not.toBe('');
  });

  it('knows a file system that makes no folders', () => {
    const fault = Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'mkdir' });
    expect(toStorageError(fault, '/proc/x')).toMatchObject({
      code: 'ERR_NOT_WRITABLE',
      message: 'The file system allows no new folder for /proc/x (ENOENT).',
    });
    expect(toStorageError(Object.assign(fault, { syscall: 'open' }), '/out').code).toBe('ERR_NOT_FOUND');
  });

  it('puts one full stop after the message of an error that is not the system’s', () => {
    const error = toStorageError(new Error('The stream is closed.'), '/out/cat.png');
    expect(error.message).toBe('The disk refused /out/cat.png (The stream is closed).');
  });

  it('returns a StorageError unchanged', () => {
    const error = new StorageError('ERR_DISK', 'full');
    expect(toStorageError(error, '/out')).toBe(error);
  });
});
