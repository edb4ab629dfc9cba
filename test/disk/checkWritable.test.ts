import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { syncFolder } from '../../src/disk/folders.ts';
import { checkWritable } from '../../src/disk/writeFiles.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

describe('checkWritable', () => {
  it('leaves nothing in a folder that takes files', async () => {
    await checkWritable(folder());
    expect(await readdir(folder())).toEqual([]);
  });

  it('names a folder that takes none', async () => {
    const file = join(folder(), 'file');
    await writeFile(file, '');
    await expect(checkWritable(file)).rejects.toMatchObject({
      name: 'StorageError',
      message: expect.stringContaining(file),
    });
  });
});

describe('syncFolder', () => {
  it.each([
    ['EINVAL', true],
    ['ENOTSUP', true],
    ['EPERM', true],
    ['EIO', false],
    ['ENOSPC', false],
  ])('after %s of the file system: the folder counts as flushed: %s', async (code, isPassedOver) => {
    const handle = await open(folder());
    const fault = Object.assign(new Error(code), { code });
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockRejectedValue(fault);
    await handle.close();
    const synced = syncFolder(folder()).then(
      () => true,
      (error: unknown) => error !== fault,
    );
    expect(await synced).toBe(isPassedOver);
    sync.mockRestore();
  });
});
