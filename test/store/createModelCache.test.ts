import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createModelCache } from '../../src/store/modelCache.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const cacheIn = (path: string, baseUrl = 'https://a/v1') =>
  createModelCache({ folder: path, baseUrl, now: () => 7 });

it('returns kept models, by API, model and version', async () => {
  const models = join(folder(), 'deep', 'models');
  const cache = cacheIn(models);
  await lastValueFrom(cache.write('o/n', null, { a: 1 }));
  await lastValueFrom(cache.write('o/n', 'v1', { a: 2 }));
  await lastValueFrom(cache.write('o/n', null, { a: 3 }));
  expect(await lastValueFrom(cache.read('o/n', null))).toEqual({ answer: { a: 3 }, savedAtMs: 7 });
  expect(await lastValueFrom(cache.read('o/n', 'v1'))).toEqual({ answer: { a: 2 }, savedAtMs: 7 });
  expect(await lastValueFrom(cache.read('o/m', null))).toBeNull();
  expect(await lastValueFrom(cacheIn(models, 'https://b/v1').read('o/n', null))).toBeNull();
  const names = await readdir(models);
  expect(names.filter((name) => !/^[0-9a-f]{32}\.json$/.test(name))).toEqual([]);
  await lastValueFrom(cache.forget('o/n', null));
  await lastValueFrom(cache.forget('o/n', null));
  expect(await lastValueFrom(cache.read('o/n', null))).toBeNull();
});

it.skipIf(process.platform === 'win32')(
  'is for the eyes of this user (skipped on Windows, which has other rights)',
  async () => {
    await lastValueFrom(cacheIn(folder()).write('o/n', null, {}));
    const [name = ''] = await readdir(folder());
    expect((await stat(join(folder(), name))).mode & 0o077).toBe(0);
  },
);

it.each([
  ['cut', (text: string) => text.slice(0, -9)],
  ['empty', () => ''],
  ['of another shape', () => '{"savedAtMs":"now"}'],
  ['of another model', (text: string) => text.replace('o/n', 'x/y')],
])('treats a file that is %s as missing', async (_name, damage) => {
  const cache = cacheIn(folder());
  await lastValueFrom(cache.write('o/n', null, { a: 1 }));
  const [name = ''] = await readdir(folder());
  const path = join(folder(), name);
  await writeFile(path, damage(await readFile(path, 'utf8')));
  expect(await lastValueFrom(cache.read('o/n', null))).toBeNull();
});

it('does without a folder that cannot be written, and leaves nothing half done', async () => {
  const path = join(folder(), 'file');
  await writeFile(path, '');
  const cache = cacheIn(join(path, 'models'));
  await lastValueFrom(cache.write('o/n', null, {}));
  expect(await lastValueFrom(cache.read('o/n', null))).toBeNull();
  // A folder has the name of the file: the file is written beside it and cannot be renamed.
  const taken = join(folder(), 'taken');
  await lastValueFrom(cacheIn(taken).write('o/n', null, {}));
  const [name = ''] = await readdir(taken);
  await lastValueFrom(cacheIn(taken).forget('o/n', null));
  await mkdir(join(taken, name, 'inside'), { recursive: true });
  await lastValueFrom(cacheIn(taken).write('o/n', null, {}));
  expect(await readdir(taken)).toEqual([name]);
});
