import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import cacache from 'cacache';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ResultCache } from '../../src/ports.ts';
import { openResultCache } from '../../src/store/resultCache.ts';
import type { FetchedOutput, ImageFile, LeaseRequest } from '../../src/types.ts';
import { aPrediction } from '../helpers/aPlan.ts';
import { hurried } from '../helpers/hurried.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const cacheFolder = () => join(folder(), 'cache');

async function aFileOf(name: string, content: string): Promise<ImageFile> {
  const path = join(folder(), name);
  await writeFile(path, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { path, bytes: content.length, sha256, format: 'jpeg', widthPx: 8, heightPx: 8 };
}
async function anOutput(): Promise<FetchedOutput> {
  return {
    prediction: aPrediction({ output: ['https://files.example/1.jpg'] }),
    files: [await aFileOf('one.jpg', 'first image'), await aFileOf('two.jpg', 'second image')],
  };
}
const restore = (cache: ResultCache, key: string, stem: string) =>
  lastValueFrom(cache.restore(key, { stem: join(folder(), stem) }));
const keep = (cache: ResultCache, key: string, output: FetchedOutput) =>
  lastValueFrom(cache.keep(key, output));

/** Every file that the cache holds content in. */
async function contents(): Promise<string[]> {
  const below = join(cacheFolder(), 'content-v2');
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
async function contentOf(text: string): Promise<string> {
  for (const path of await contents()) if ((await readFile(path, 'utf8')) === text) return path;
  throw new Error(`Expected the cache to hold ${text}`);
}

it('has nothing for a request that was never kept', async () => {
  expect(await restore(await openResultCache(cacheFolder()), 'key', 'x')).toBeNull();
});

it('copies a stored result to another path, also after it was opened again', async () => {
  const output = await anOutput();
  await keep(await openResultCache(cacheFolder()), 'key', output);
  await rm(output.files[0]?.path ?? '');
  const restored = await restore(await openResultCache(cacheFolder()), 'key', 'run/a/0001');
  expect(restored?.files.map(({ path }) => path)).toEqual([
    join(folder(), 'run/a/0001.jpg'),
    join(folder(), 'run/a/0001--2.jpg'),
  ]);
  expect(restored?.files.map(({ sha256 }) => sha256)).toEqual(output.files.map(({ sha256 }) => sha256));
  expect(await readFile(join(folder(), 'run/a/0001--2.jpg'), 'utf8')).toBe('second image');
  expect(restored?.prediction).toMatchObject({ id: 'p1', metrics: { predict_time: 1.2 }, output: null });
  expect((await readdir(join(folder(), 'run/a'))).sort()).toEqual(['0001--2.jpg', '0001.jpg']);
});

it('serves only runs on the service that made the result', async () => {
  const output = await anOutput();
  await keep(await openResultCache(cacheFolder(), { service: 'simulator' }), 'key', output);
  expect(
    await restore(await openResultCache(cacheFolder(), { service: 'replicate' }), 'key', 'x'),
  ).toBeNull();
  expect(await restore(await openResultCache(cacheFolder()), 'key', 'x')).toBeNull();
  expect(
    await restore(await openResultCache(cacheFolder(), { service: 'simulator' }), 'key', 'x'),
  ).not.toBeNull();
});

it('keeps equal content once', async () => {
  const cache = await openResultCache(cacheFolder());
  const output = await anOutput();
  await keep(cache, 'one', output);
  const before = (await contents()).length;
  await keep(cache, 'two', output);
  expect((await contents()).length).toBe(before);
  expect(await restore(cache, 'two', 'x')).not.toBeNull();
});

it.each([
  ['cut short', (path: string) => truncate(path, 3)],
  ['changed', (path: string) => writeFile(path, 'second images')],
  ['gone', (path: string) => rm(path)],
])('does not use content that is %s, and takes the right one again', async (_what, damage) => {
  const cache = await openResultCache(cacheFolder());
  const output = await anOutput();
  await keep(cache, 'key', output);
  await damage(await contentOf('second image'));
  expect(await restore(cache, 'key', 'x')).toBeNull();
  await keep(cache, 'key', output);
  expect((await restore(cache, 'key', 'y'))?.files).toHaveLength(2);
});

it('does not use an entry that cannot be read', async () => {
  const cache = await openResultCache(cacheFolder());
  await keep(cache, 'key', await anOutput());
  const [entry = ''] = (
    await Promise.all((await contents()).map(async (path) => [path, await readFile(path, 'utf8')] as const))
  )
    .filter(([, text]) => text.startsWith('{'))
    .map(([path]) => path);
  await writeFile(entry, '{"nonsense":true}');
  expect(await restore(cache, 'key', 'x')).toBeNull();
});

it.each(['x/../../../planted', 'x\\y', '../x'])(
  'does not use an entry whose extension is %j',
  async (extension) => {
    const cache = await openResultCache(cacheFolder());
    await keep(cache, 'key', await anOutput());
    const key = 'rxposure/2/result//key';
    const stored = JSON.parse((await cacache.get(cacheFolder(), key)).data.toString());
    await cacache.put(
      cacheFolder(),
      key,
      JSON.stringify({ ...stored, files: [{ ...stored.files[0], extension }] }),
    );
    expect(await restore(cache, 'key', 'x')).toBeNull();
  },
);

it('is shared by several processes at the same time', async () => {
  const script = new URL('../helpers/keepAndRestore.ts', import.meta.url).pathname;
  const run = async () => {
    const child = spawn(process.execPath, [script, cacheFolder()], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    return code;
  };
  expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
  const cache = await openResultCache(cacheFolder());
  for (const key of ['k0', 'k9']) expect((await restore(cache, key, `out/${key}`))?.files).toHaveLength(1);
}, 30_000);

it('names the fault of a folder that cannot be used', async () => {
  await writeFile(join(folder(), 'cache'), 'a file');
  await expect(openResultCache(cacheFolder())).rejects.toThrow(/cache folder that can be read and written/);
  if (process.platform === 'linux') await expect(openResultCache('/proc/x')).rejects.toThrow('cache folder');
});

it('reports this too if the file system makes no folders: Node itself would never return', async () => {
  await expect(openResultCache('/proc/rxposure/cache')).rejects.toThrow(/cache folder that can be read/);
});

it('reports it if the destination of the copy refuses', async () => {
  const cache = await openResultCache(cacheFolder());
  await keep(cache, 'key', await anOutput());
  await writeFile(join(folder(), 'run'), 'a file');
  await expect(restore(cache, 'key', 'run/x')).rejects.toMatchObject({ name: 'StorageError' });
});

describe('the lease of a result', () => {
  const leaseOf = (cache: ResultCache, request: LeaseRequest = {}, key = 'key') => {
    if (cache.lease === undefined) throw new Error('Expected a cache with leases');
    return cache.lease(key, request);
  };

  it('is for one process at a time; the next one waits, and learns for which', async () => {
    const cache = await openResultCache(cacheFolder(), { scheduler: hurried(100) });
    const first = await lastValueFrom(leaseOf(cache));
    const waits: string[] = [];
    const second = lastValueFrom(
      leaseOf(await openResultCache(cacheFolder(), { scheduler: hurried(100) }), {
        onWait: (holder) => waits.push(holder),
      }),
    );
    await expect.poll(() => waits).toEqual([expect.stringMatching(/^this process, since /)]);
    expect(await lastValueFrom(leaseOf(cache, {}, 'another key'))).not.toBeNull();
    expect(await lastValueFrom(leaseOf(cache, { isUrgent: true }))).toBeNull();
    first?.release();
    (await second)?.release();
    const urgent = await lastValueFrom(leaseOf(cache, { isUrgent: true }));
    expect(urgent).not.toBeNull();
    urgent?.release();
  });

  it('is taken over from a process that is suspended for longer than a prediction may take', async () => {
    const cache = await openResultCache(cacheFolder(), { scheduler: hurried(1_000), timeoutMs: 10_000 });
    const first = await lastValueFrom(leaseOf(cache));
    const second = await lastValueFrom(leaseOf(cache));
    expect([first, second]).not.toContain(null);
    first?.release();
    second?.release();
    expect((await readdir(join(cacheFolder(), 'leases'))).filter((name) => !name.endsWith('.lock'))).toEqual(
      [],
    );
  });

  it('is reported if the folder of leases is gone', async () => {
    const cache = await openResultCache(cacheFolder());
    await rm(join(cacheFolder(), 'leases'), { recursive: true });
    await expect(lastValueFrom(leaseOf(cache))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });
});
