import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  atPlace,
  createInsideFolder,
  insideFolder,
  outsideTarget,
  pathBelow,
  pathFault,
  storedName,
  storedPath,
} from '../../src/disk/insideFolder.ts';
import { UsageError } from '../../src/errors.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

describe('pathFault', () => {
  it.each(['cat.png', 'a/b/c.png', './cat.png', 'a..b/..c.png', '夜の海.webp', 'a b/c:d.png'])(
    'takes %j',
    (path) => {
      expect(pathFault(path)).toBeNull();
    },
  );

  it.each([
    ['../cat.png', 'leaves it'],
    ['a/../../cat.png', 'leaves it'],
    ['a/..', 'leaves it'],
    ['/etc/passwd', 'is absolute'],
    ['C:\\cat.png', 'backslash'],
    ['c:cat.png', 'is absolute'],
    ['\\\\server\\share', 'backslash'],
    ['a\0b', 'NUL byte'],
    ['', 'is no file'],
    ['./', 'is no file'],
  ])('refuses %j', (path, fault) => {
    expect(pathFault(path)).toContain(fault);
  });

  it('lets no text out of the folder', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '/', '\\', 'C:', '\0', '', 'a', '~'), fc.string());
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom('', '/', '\\'), (parts, joint) => {
        const path = parts.join(joint);
        const folder = resolve('/some/folder');
        try {
          expect(resolve(pathBelow(folder, path)).startsWith(folder + sep)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('insideFolder', () => {
  const root = temporaryFolder();
  const folder = () => join(root(), 'run');
  beforeEach(async () => {
    await mkdir(join(folder(), 'a'), { recursive: true });
    await mkdir(join(root(), 'outside'));
    await writeFile(join(folder(), 'a/cat.png'), '');
    await writeFile(join(root(), 'outside/dog.png'), '');
    const links = {
      'out-file.png': '../outside/dog.png',
      'out-folder': '../outside',
      'in-file.png': 'a/cat.png',
      'in-folder': 'a',
      'nowhere.png': 'none.png',
      'circle.png': 'circle.png',
      'two-steps': 'out-folder',
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(folder(), name));
  });

  it.each([
    'a/cat.png',
    'a/new.png',
    'b/c/new.png',
    'in-file.png',
    'in-folder/cat.png',
    'in-folder/b/new.png',
  ])('finds %s in it', (path) => {
    expect(insideFolder(folder(), path)).toBe(join(folder(), path));
    const many = createInsideFolder(folder());
    expect([many(path), many(path)]).toEqual(Array(2).fill(join(folder(), path)));
  });

  it.each([
    'out-file.png',
    'out-folder',
    'out-folder/dog.png',
    'out-folder/b/new.png',
    'two-steps/dog.png',
    'nowhere.png',
    'circle.png',
    '../outside/dog.png',
  ])('refuses %s', (path) => {
    expect(() => insideFolder(folder(), path)).toThrow(UsageError);
    const many = createInsideFolder(folder());
    expect(many('a/cat.png')).toBe(join(folder(), 'a/cat.png'));
    expect(() => many(path)).toThrow(UsageError);
    expect(() => many(path)).toThrow(UsageError);
  });

  it('names the target of a link', async () => {
    const target = await realpath(join(root(), 'outside/dog.png'));
    expect(() => insideFolder(folder(), 'out-file.png')).toThrow(
      `Expected "out-file.png" to lie in ${folder()}, got a symbolic link that leads to ${target}`,
    );
  });

  it('works in a folder that is a link, or does not exist yet', async () => {
    await symlink(folder(), join(root(), 'link'));
    expect(insideFolder(join(root(), 'link'), 'a/cat.png')).toBe(join(root(), 'link/a/cat.png'));
    expect(() => insideFolder(join(root(), 'link'), 'out-folder/dog.png')).toThrow(UsageError);
    expect(insideFolder(join(root(), 'none/yet'), 'a/cat.png')).toBe(join(root(), 'none/yet/a/cat.png'));
    expect(outsideTarget(folder(), folder())).toBeNull();
  });
});

it('is a part of schemas, whose errors name the path', () => {
  const schema = z.object({ path: storedPath, name: storedName });
  expect(schema.parse({ path: 'a/b.png', name: 'thumb' })).toEqual({ path: 'a/b.png', name: 'thumb' });
  for (const bad of [
    { path: '../b.png', name: 'thumb' },
    { path: 'b.png', name: '../thumb' },
  ]) {
    expect(() => schema.safeParse(bad)).toThrow(UsageError);
  }
  expect(schema.safeParse({ path: 7, name: 'thumb' }).success).toBe(false);
  expect(atPlace('list:3', new UsageError('Expected a, got b'))).toMatchObject({
    message: 'list:3: Expected a, got b',
  });
  const other = new Error('other');
  expect(atPlace('list:3', other)).toBe(other);
});
