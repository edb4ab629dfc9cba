import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { gatherFiles, placeFiles } from '../../src/disk/moveFiles.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const moves = [
  { id: 1, oldPath: 'a.png', newPath: 'b.png' },
  { id: 2, oldPath: 'b.png', newPath: 'new/a.png' },
];
const read = (path: string) => readFile(join(folder(), path), 'utf8');

async function write() {
  for (const name of ['a', 'b']) await writeFile(join(folder(), `${name}.png`), name);
}

/** Lets every flush of a folder fail during `work`. */
async function unflushed(work: () => Promise<void>) {
  const handle = await open(folder());
  const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockRejectedValue(new Error('no power'));
  await handle.close();
  await expect(work()).rejects.toThrow('no power');
  sync.mockRestore();
}

it('gives files the names of one another, and skips moved and missing ones', async () => {
  await write();
  const missing = { id: 3, oldPath: 'gone/c.png', newPath: 'c.png' };
  for (const _turn of [1, 2]) await gatherFiles(folder(), [...moves, missing]);
  for (const _turn of [1, 2]) await placeFiles(folder(), [...moves, missing]);
  expect([await read('b.png'), await read('new/a.png')]).toEqual(['a', 'b']);
});

it('flushes also moves that a killed process had made before', async () => {
  await write();
  await gatherFiles(folder(), moves);
  await unflushed(() => gatherFiles(folder(), moves));
  await placeFiles(folder(), moves);
  await unflushed(() => placeFiles(folder(), moves));
});
