import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { giveName, numbered } from '../../src/disk/giveName.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder(), name);
const never = () => false;

async function give(
  content: string,
  wanted: string,
  mayReplace?: (path: string) => boolean,
): Promise<string> {
  const temporary = at(`new ${Math.random()}`);
  await writeFile(temporary, content);
  return basename(await giveName(temporary, at(wanted), mayReplace));
}

it('gives the wanted name if it is free, and the next free one otherwise', async () => {
  expect(await give('one', 'cat.png', never)).toBe('cat.png');
  expect(await give('two', 'cat.png', never)).toBe('cat-2.png');
  expect(await give('three', 'cat.png', never)).toBe('cat-3.png');
  expect(await readFile(at('cat.png'), 'utf8')).toBe('one');
});

it('replaces files that it may replace, and identical ones', async () => {
  await writeFile(at('cat.png'), 'ours');
  expect(await give('new', 'cat.png', (path) => path === at('cat.png'))).toBe('cat.png');
  expect(await give('new', 'cat.png', never)).toBe('cat.png');
  expect(await give('now', 'cat.png')).toBe('cat.png');
  expect(await readdir(folder())).toEqual(['cat.png']);
});

it('looks again if another process has put a file there meanwhile', async () => {
  await writeFile(at('cat.png'), 'ours');
  const looks: string[] = [];
  const mayReplace = (path: string) => {
    looks.push(basename(path));
    if (looks.length > 1) return false;
    rmSync(path);
    writeFileSync(path, 'theirs');
    return true;
  };
  expect(await give('late', 'cat.png', mayReplace)).toBe('cat-2.png');
  expect(await readFile(at('cat.png'), 'utf8')).toBe('theirs');
  expect(looks).toEqual(['cat.png', 'cat.png']);
});

it('leaves all links and folders alone', async () => {
  await writeFile(at('mine.png'), 'same');
  await symlink(at('mine.png'), at('cat.png'));
  await symlink(at('nowhere'), at('cat-2.png'));
  await mkdir(at('cat-3.png'));
  expect(await give('same', 'cat.png', () => true)).toBe('cat-4.png');
  expect(await readFile(at('mine.png'), 'utf8')).toBe('same');
});

it('gives each of many files at the same time a name of its own', async () => {
  const contents = Array.from({ length: 20 }, (_, index) => `content ${index}`);
  const names = await Promise.all(contents.map((content) => give(content, 'cat.png', never)));
  expect(new Set(names).size).toBe(20);
  const found = await Promise.all(names.map((name) => readFile(at(name), 'utf8')));
  expect(found).toEqual(contents);
});

it('numbers a name before its extension, each number another name', () => {
  expect(numbered('/a.b/cat', 2)).toBe('/a.b/cat-2');
  const name = fc.stringMatching(/^[a-z.]{1,8}\.[a-z]{1,4}$/);
  fc.assert(
    fc.property(
      name,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      (path, one, other) => {
        expect(numbered(path, one) === numbered(path, other)).toBe(one === other);
      },
    ),
  );
});
