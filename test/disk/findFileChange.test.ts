import { closeSync, openSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFileChange } from '../../src/disk/storageError.ts';

let root = '';
let path = '';
let fd = 0;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-'));
  path = join(root, 'out/run.sqlite');
  await mkdir(dirname(path));
  await writeFile(path, 'ten bytes.');
  fd = openSync(path, 'r');
});
afterEach(async () => {
  closeSync(fd);
  await rm(root, { recursive: true, force: true });
});

describe('findFileChange', () => {
  it('finds none while the file is under its name and no shorter', async () => {
    expect(findFileChange(fd, path, 10)).toBeNull();
    await appendFile(path, 'more');
    expect(findFileChange(fd, path, 10)).toBeNull();
  });

  it.each([
    ['it is deleted', () => rm(path), 'removed'],
    ['its folder is deleted', () => rm(dirname(path), { recursive: true }), 'removed'],
    ['it is moved', () => rename(path, `${path}.old`), 'moved'],
    ['its folder is moved', () => rename(dirname(path), join(root, 'old')), 'moved'],
    ['it is cut', () => truncate(path, 9), 'cut'],
  ])('sees that %s', async (_, change, story) => {
    await change();
    expect(findFileChange(fd, path, 10)).toBe(story);
  });

  it('sees that another file replaced it, or a file its folder', async () => {
    await writeFile(`${path}.new`, 'ten bytes.');
    await rename(`${path}.new`, path);
    expect(findFileChange(fd, path, 10)).toBe('replaced');
    await rm(dirname(path), { recursive: true });
    await writeFile(dirname(path), '');
    expect(findFileChange(fd, path, 10)).toBe('removed');
  });
});
