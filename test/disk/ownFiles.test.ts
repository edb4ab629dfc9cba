import { execFileSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyWhole } from '../../src/disk/copyFiles.ts';
import { expectPlainFile, openOwn, openOwnSync, ownFlags, readOwnText } from '../../src/disk/ownFiles.ts';
import { writeAtomically, writeChunks, writeTemporary } from '../../src/disk/writeFiles.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder(), name);
const content = (name: string) => readFile(at(name), 'utf8');

describe('a file of a run', () => {
  it('is opened if it is a file', async () => {
    await writeFile(at('a.json'), '{}');
    expect(await readOwnText(at('a.json'))).toBe('{}');
    closeSync(openOwnSync(at('a.json'), ownFlags.readWrite));
    expect(() => expectPlainFile(at('a.json'))).not.toThrow();
    expect(() => expectPlainFile(at('none'))).not.toThrow();
  });

  it('is no link, which is neither read nor written through', async () => {
    await writeFile(at('theirs'), 'theirs');
    await symlink(at('theirs'), at('link'));
    for (const flags of Object.values(ownFlags)) {
      await expect(openOwn(at('link'), flags)).rejects.toThrow();
      expect(() => openOwnSync(at('link'), flags)).toThrow();
    }
    expect(() => expectPlainFile(at('link'))).toThrow('to be a file of the run, got a symbolic link');
    expect(await content('theirs')).toBe('theirs');
  });

  it('is no pipe, which would be waited for, and no folder', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await mkdir(at('folder'));
    await expect(readOwnText(at('pipe'))).rejects.toMatchObject({ code: 'ERR_NOT_A_FILE' });
    await expect(readOwnText(at('folder'))).rejects.toMatchObject({ code: 'ERR_NOT_A_FILE' });
    expect(() => openOwnSync(at('pipe'))).toThrow('A pipe or device is in the way of the file');
    expect(() => expectPlainFile(at('pipe'))).toThrow('got a pipe or device');
  });
});

describe('a temporary file', () => {
  it('has a name that cannot be guessed, and is new', async () => {
    const names = await Promise.all([1, 2].map((data) => writeTemporary(at('a.json'), String(data))));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/a\.json\.[0-9a-f]{16}\.rxposure\.part$/);
  });

  it('replaces a link that has the name of the file, not its target', async () => {
    const write = {
      atomically: (path: string) => writeAtomically(path, 'ours'),
      chunks: (path: string) =>
        writeChunks(
          path,
          (async function* () {
            yield 'ours';
          })(),
        ),
      copy: (path: string) => copyWhole(at('source'), path),
    };
    await writeFile(at('source'), 'ours');
    await writeFile(at('theirs'), 'theirs');
    for (const [name, writing] of Object.entries(write)) {
      await symlink(at('theirs'), at(name));
      // The name that temporary files once had.
      await symlink(at('theirs'), at(`${name}.rxposure.part`));
      await writing(at(name));
      expect(await content(name)).toBe('ours');
      expect(await content('theirs')).toBe('theirs');
    }
  });
});
