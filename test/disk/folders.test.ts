import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureDir, makeFolder } from '../../src/disk/folders.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

// That their names are flushed is for `npm run powercut` to see.
describe.each([
  ['makeFolder', async (path: string) => makeFolder(path)],
  ['ensureDir', ensureDir],
])('%s', (_, make) => {
  it('makes a folder with all above it, and leaves one that is there', async () => {
    const path = join(folder(), 'a', 'b', 'c');
    await make(path);
    expect(existsSync(path)).toBe(true);
    writeFileSync(join(path, 'file'), 'kept');
    await make(path);
    expect(existsSync(join(path, 'file'))).toBe(true);
  });

  it('makes a folder again that was deleted', async () => {
    const path = join(folder(), 'a');
    await make(path);
    rmSync(path, { recursive: true });
    await make(path);
    expect(existsSync(path)).toBe(true);
  });

  it('makes one folder for many that ask for it at once', async () => {
    const path = join(folder(), 'a', 'b');
    await Promise.all(Array.from({ length: 20 }, () => make(path)));
    expect(existsSync(path)).toBe(true);
  });
});

it('ensureDir rejects if a file is in the way', async () => {
  writeFileSync(join(folder(), 'a'), '');
  await expect(ensureDir(join(folder(), 'a', 'b'))).rejects.toThrow(/EEXIST|ENOTDIR/);
  await expect(ensureDir(join(folder(), 'a'))).rejects.toThrow(/EEXIST|ENOTDIR/);
});
