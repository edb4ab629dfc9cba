import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { walkFolder } from '../../src/disk/walkFolder.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const at = (path: string) => join(folder(), path);

async function walked(during: () => Promise<void> = async () => {}): Promise<string[]> {
  const names: string[] = [];
  for await (const { entry } of walkFolder(folder())) {
    names.push(entry.name);
    await during();
  }
  return names.sort();
}

it('yields the files at any depth', async () => {
  await mkdir(at('a/b'), { recursive: true });
  for (const path of ['1', 'a/2', 'a/b/3']) await writeFile(at(path), '');
  expect(await walked()).toEqual(['1', '2', '3']);
});

it('continues if another process deletes a folder meanwhile', async () => {
  for (const name of ['a', 'b', 'c']) {
    await mkdir(at(name));
    await writeFile(at(`${name}/${name}.png`), '');
  }
  await writeFile(at('first.png'), '');
  expect(await walked(() => rm(at('b'), { recursive: true, force: true }))).toEqual([
    'a.png',
    'c.png',
    'first.png',
  ]);
});

it('throws if the folder itself is missing', async () => {
  await rm(folder(), { recursive: true });
  await expect(walked()).rejects.toMatchObject({ code: 'ENOENT' });
});
