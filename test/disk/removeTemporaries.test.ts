import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeTemporaries } from '../../src/disk/writeFiles.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

describe('removeTemporaries', () => {
  it('deletes unfinished files at any depth and nothing else', async () => {
    await mkdir(join(folder(), 'run/2026/post'), { recursive: true });
    await mkdir(join(folder(), 'run/a.rxposure.part'));
    await mkdir(join(folder(), 'elsewhere'));
    for (const name of [
      'run/manifest.json.rxposure.part',
      'run/2026/post/cat.png.rxposure.part',
      'run/run.sqlite.0a1b.rxposure.part-wal',
      'run/2026/post/cat.png',
      'run/apart',
      'run/film-of-mine.mkv.part',
      'elsewhere/dog.rxposure.part',
    ]) {
      await writeFile(join(folder(), name), '');
    }
    await symlink(join(folder(), 'elsewhere'), join(folder(), 'run/link'));
    expect(await removeTemporaries(join(folder(), 'run'))).toBe(3);
    expect(await readdir(join(folder(), 'run'), { recursive: true })).toEqual(
      expect.arrayContaining(['2026/post/cat.png', 'apart', 'a.rxposure.part', 'film-of-mine.mkv.part']),
    );
    expect(await readdir(join(folder(), 'elsewhere'))).toEqual(['dog.rxposure.part']);
  });

  it('finds none if there is no such folder', async () => {
    expect(await removeTemporaries(join(folder(), 'none'))).toBe(0);
  });
});
