import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FileSystemFigures, freeSpace, readFigures } from '../../src/disk/freeSpace.ts';
import { tempFolder } from '../helpers/tempFile.ts';

const sound = { bsize: 4_096, blocks: 1_000, bfree: 300, bavail: 200, files: 50, ffree: 20 };

it.each<[string, Partial<FileSystemFigures>, boolean, ReturnType<typeof readFigures>]>([
  ['the space for all users', {}, false, { bytes: 200 * 4_096, files: 20 }],
  ['the reserve of root as well', {}, true, { bytes: 300 * 4_096, files: 20 }],
  ['no limit of files', { files: 0, ffree: 0 }, false, { bytes: 200 * 4_096, files: null }],
  ['more free files than there are', { ffree: 51 }, false, { bytes: 200 * 4_096, files: null }],
  ['no more files', { ffree: 0 }, false, { bytes: 200 * 4_096, files: 0 }],
  ['no blocks, as on some network file systems', { blocks: 0, bfree: 0, bavail: 0 }, false, null],
  ['no free block after a file was written', { bavail: 0 }, false, null],
  ['more free blocks than there are', { bavail: 1_001 }, false, null],
  ['no size of a block', { bsize: 0 }, false, null],
  ['negative figures', { bavail: -5 }, false, null],
  ['no figures', { bavail: Number.NaN }, false, null],
])('reads %s', (_what, figures, isRoot, expected) => {
  expect(readFigures({ ...sound, ...figures }, isRoot)).toEqual(expected);
});

it('asks the file system of a folder, and knows nothing of one that is not there', async () => {
  const folder = await tempFolder();
  expect((await freeSpace(folder))?.bytes).toBeGreaterThan(0);
  expect(await freeSpace(join(folder, 'none'))).toBeNull();
});
