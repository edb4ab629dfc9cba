import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
