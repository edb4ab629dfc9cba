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
    deaths: 0,
  });
  takeBack();
  expect(existsSync(notes())).toBe(false);
});

/** A run that is killed while it decodes an image. */
async function killedRun(path: string, budgetBytes = 400): Promise<void> {
  await openDecodingNotes(folder()).begin(path, budgetBytes);
}

it('decodes an image again whose first run was killed, and forgets the note once it is decoded', async () => {
  const path = await anImage();
  await killedRun(path);
  const takeBack = await openDecodingNotes(folder()).begin(path, 400);
  const [name = ''] = await readdir(notes());
  expect(JSON.parse(await readFile(join(notes(), name), 'utf8'))).toMatchObject({ deaths: 1 });
  takeBack();
  expect(existsSync(notes())).toBe(false);
  await killedRun(path);
  (await openDecodingNotes(folder()).begin(path, 400))();
});

it('refuses an image during which two runs ended, under any name, until there is more memory', async () => {
  const path = await anImage();
  await killedRun(path);
  await killedRun(path);
  const next = openDecodingNotes(folder());
  const moved = await anImage('b.png');
  for (const _time of ['first', 'second']) {
    await expect(next.begin(moved, 400)).rejects.toMatchObject({
      name: 'RenderError',
      code: 'ERR_DECODING_DIED',
      message: expect.stringContaining(moved),
      recoverable: false,
    });
  }
  // Others are not concerned.
  const takeBack = await next.begin(await anImage('c.png', 'another image'), 400);
  takeBack();
  expect(await readdir(notes())).toHaveLength(1);
  const again = await next.begin(moved, 401);
  again();
  expect(existsSync(notes())).toBe(false);
});

it('counts deaths with as much memory alone', async () => {
  const path = await anImage();
  await killedRun(path, 400);
  await killedRun(path, 500);
  await killedRun(path, 500);
  await expect(killedRun(path, 500)).rejects.toMatchObject({ code: 'ERR_DECODING_DIED' });
  await expect(killedRun(path, 300)).rejects.toMatchObject({ code: 'ERR_DECODING_DIED' });
});

it.each([
  ['cannot be read', 'not JSON'],
  ['is empty', ''],
  ['is of an earlier version', '{"path":"a.png","budgetBytes":400}'],
])('takes a note that %s as one death', async (_, content) => {
  const path = await anImage();
  const takeBack = await openDecodingNotes(folder()).begin(path, 400);
  const [name = ''] = await readdir(notes());
  takeBack();
  await mkdir(notes());
  await writeFile(join(notes(), name), content);
  await killedRun(path);
  await expect(killedRun(path)).rejects.toMatchObject({ code: 'ERR_DECODING_DIED' });
});

it('writes through no link', async () => {
  const outside = join(folder(), 'outside');
  await mkdir(outside);
  await symlink(outside, notes());
  await expect(openDecodingNotes(folder()).begin(await anImage(), 400)).rejects.toThrow(StorageError);
  expect(await readdir(outside)).toEqual([]);
});
