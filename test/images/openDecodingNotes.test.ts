import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StorageError } from '../../src/errors.ts';
import { openDecodingNotes } from '../../src/images/decodingNotes.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const notes = () => join(folder(), '.decoding');

async function anImage(name = 'a.png', content = 'an image'): Promise<string> {
  const path = join(folder(), name);
  await writeFile(path, content);
  return path;
}

it('leaves a note while an image is decoded, and nothing after that', async () => {
  const takeBack = await openDecodingNotes(folder()).begin(await anImage(), 400);
  const [name = ''] = await readdir(notes());
  expect(JSON.parse(await readFile(join(notes(), name), 'utf8'))).toEqual({
    path: 'a.png',
    budgetBytes: 400,
  });
  takeBack();
  expect(existsSync(notes())).toBe(false);
});

it('refuses an image that the next run finds noted, under whatever name, until there is more memory', async () => {
  await openDecodingNotes(folder()).begin(await anImage(), 400);
  const next = openDecodingNotes(folder());
  const moved = await anImage('b.png');
  await expect(next.begin(moved, 400)).rejects.toMatchObject({
    name: 'RenderError',
    code: 'ERR_DECODING_DIED',
    message: expect.stringContaining(moved),
    recoverable: false,
  });
  // Others are not concerned.
  const takeBack = await next.begin(await anImage('c.png', 'another image'), 400);
  takeBack();
  expect(await readdir(notes())).toHaveLength(1);
  const again = await next.begin(moved, 401);
  again();
  expect(existsSync(notes())).toBe(false);
});

it('takes a note that cannot be read as one', async () => {
  const takeBack = await openDecodingNotes(folder()).begin(await anImage(), 400);
  const [name = ''] = await readdir(notes());
  takeBack();
  await mkdir(notes());
  await writeFile(join(notes(), name), 'not JSON');
  const begun = openDecodingNotes(folder()).begin(await anImage(), 1e15);
  await expect(begun).rejects.toMatchObject({ code: 'ERR_DECODING_DIED' });
});

it('writes through no link', async () => {
  const outside = join(folder(), 'outside');
  await mkdir(outside);
  await symlink(outside, notes());
  await expect(openDecodingNotes(folder()).begin(await anImage(), 400)).rejects.toThrow(StorageError);
  expect(await readdir(outside)).toEqual([]);
});
