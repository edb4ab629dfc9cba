import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAtomically } from '../../src/disk/writeFiles.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

describe('writeAtomically', () => {
  it('makes folders, replaces the file and leaves nothing else', async () => {
    const path = join(folder(), 'a/b/report.json');
    await writeAtomically(path, 'old');
    await writeAtomically(path, Buffer.from('new'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(folder(), 'a/b'))).toEqual(['report.json']);
  });

  it('keeps the old file if the new one cannot replace it', async () => {
    const path = join(folder(), 'taken');
    await mkdir(join(path, 'inner'), { recursive: true });
    await expect(writeAtomically(path, 'new')).rejects.toMatchObject({
      name: 'StorageError',
      code: 'ERR_NOT_A_FILE',
    });
    expect(await readdir(folder())).toEqual(['taken']);
  });

  it('names the path that could not be used', async () => {
    await writeFile(join(folder(), 'file'), '');
    const path = join(folder(), 'file/report.json');
    await expect(writeAtomically(path, 'new')).rejects.toThrow(path);
  });
});
