import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectAllowed } from '../../../src/sources/modelInputs/allowedFiles.ts';
import { inputFiles } from '../../../src/sources/modelInputs/inputFiles.ts';
import type { ModelSchema } from '../../../src/types.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

const uri = { type: 'string', format: 'uri' } as const;
const schema: ModelSchema = { required: [], properties: { data: uri } };

let root = '';
let folder = '';
beforeEach(async () => {
  root = await realpath(await tempFolder());
  folder = join(root, 'work');
  for (const name of ['work/photos', 'work/.git', 'home/keys', 'work2']) {
    await mkdir(join(root, name), { recursive: true });
  }
  const files = ['work/a.txt', 'work/photos/b.txt', 'work/.env', 'work/.git/c', 'home/id_rsa', 'home/keys/d'];
  for (const name of [...files, 'work2/e.txt']) await writeFile(join(root, name), name);
  await symlink('../home/id_rsa', join(folder, 'innocent.txt'));
  await symlink('../home', join(folder, 'gate'));
  await symlink('photos', join(folder, 'album'));
});

/** Returns the files that an input sends, or throws. */
const sent = async (text: string, allowFiles: readonly string[] | 'any' = []) =>
  Object.values(await inputFiles({ data: text }, { schema, folder, allowFiles })).map(({ source }) => source);

describe('an input', () => {
  it.each(['a.txt', 'photos/b.txt', 'album/b.txt', './photos/../a.txt'])('may name %s', async (text) => {
    expect(await sent(text)).toHaveLength(1);
  });

  it.each([
    ['absolute', () => join(root, 'home/id_rsa')],
    ['with ..', () => '../home/id_rsa'],
    ['as a URL', () => pathToFileURL(join(root, 'home/id_rsa')).href],
    ['by a link', () => 'innocent.txt'],
    ['behind a link to a folder', () => 'gate/keys/d'],
    ['in a folder whose name begins alike', () => '../work2/e.txt'],
    ['that does not exist', () => '../home/none'],
    ['that does not exist, behind a link', () => 'gate/none'],
  ])('may not name a file outside of its folder, %s', async (_how, text) => {
    await expect(sent(text())).rejects.toThrow(`Expected a file in ${folder} or below, got`);
  });

  it.each(['.env', '.git/c', 'photos/../.env'])('may not name %s, which is hidden', async (text) => {
    await expect(sent(text)).rejects.toThrow('Expected a file that is not hidden');
  });

  it('may name what is allowed by folder or by file, and below it', async () => {
    const home = [join(root, 'home')];
    expect(await sent('../home/id_rsa', home)).toEqual([join(root, 'home/id_rsa')]);
    expect(await sent('../home/keys/d', home)).toHaveLength(1);
    expect(await sent('innocent.txt', [join(root, 'home/id_rsa')])).toHaveLength(1);
    expect(await sent('.env', [join(folder, '.env')])).toHaveLength(1);
    expect(await sent('.git/c', [join(folder, '.git')])).toHaveLength(1);
    expect(await sent('../home/id_rsa', 'any')).toHaveLength(1);
    await expect(sent('../home/id_rsa', [join(root, 'home/keys')])).rejects.toThrow('Expected a file in');
    await expect(sent('.env', [folder])).rejects.toThrow('not hidden');
  });
});

it('names the flag that would allow it', () => {
  const path = join(folder, 'innocent.txt');
  expect(() => expectAllowed(path, { folder })).toThrow(
    `Expected a file in ${folder} or below, got ${path}, a link to ${root}/home/id_rsa; --allow-files ${root}/home (\`allowFiles\` in code) allows it`,
  );
  expect(() => expectAllowed(join(folder, '.env'), { folder })).toThrow(
    `Expected a file that is not hidden, got ${folder}/.env; --allow-files ${folder}/.env (\`allowFiles\` in code) allows it`,
  );
});

it('takes the working directory for the folder if there is none', () => {
  expect(() => expectAllowed(join(process.cwd(), 'package.json'), {})).not.toThrow();
  expect(() => expectAllowed(join(root, 'home/id_rsa'), {})).toThrow('Expected a file in');
});
