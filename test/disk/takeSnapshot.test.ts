import { hash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { takeSnapshot } from '../../src/disk/snapshot.ts';
import { collect } from '../helpers/collect.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const path = () => join(folder(), 'p.txt');
const content = 'a picture of a pear\n'.repeat(10_000);
const textOf = async (chunks: AsyncIterable<Uint8Array>) => Buffer.concat(await collect(chunks)).toString();

it.each([
  ['in memory', {}],
  ['copied aside', { maxInMemoryBytes: 10 }],
])('is read again and again, also at the same time, %s', async (_where, config) => {
  await writeFile(path(), content);
  const snapshot = await takeSnapshot(path(), config);
  expect(snapshot).toMatchObject({ path: path(), bytes: content.length, sha256: hash('sha256', content) });
  expect(await snapshot.hasChanged()).toBe(false);
  await writeFile(path(), content.replaceAll('pear', 'plum'));
  const passes = await Promise.all([1, 2, 3].map(() => textOf(snapshot.chunks())));
  expect(passes.every((text) => text === content)).toBe(true);
  for await (const first of snapshot.chunks()) {
    expect(first.length).toBeLessThan(content.length);
    break;
  }
  expect(await snapshot.hasChanged()).toBe(true);
  await writeFile(path(), content);
  expect(await snapshot.hasChanged()).toBe(false);
  await rm(path());
  expect(await textOf(snapshot.chunks())).toBe(content);
  expect(await snapshot.hasChanged()).toBe(true);
  expect((await readdir(tmpdir())).filter((name) => /^rxposure-[0-9a-f-]{36}$/.test(name))).toEqual([]);
});

it('reports a file that cannot be read, and a missing folder for copies', async () => {
  await expect(takeSnapshot(path())).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(path(), content);
  vi.stubEnv('TMPDIR', join(folder(), 'missing'));
  try {
    await expect(takeSnapshot(path(), { maxInMemoryBytes: 10 })).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('Expected room for a copy in'),
      suggestion: expect.stringContaining('TMPDIR'),
    });
  } finally {
    vi.unstubAllEnvs();
  }
});
