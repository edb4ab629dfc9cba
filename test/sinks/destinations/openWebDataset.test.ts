import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { DeliveryError } from '../../../src/errors.ts';
import { openWebDataset } from '../../../src/sinks/destinations/webDataset.ts';
import type { Outcome, OutcomeFile } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const run = promisify(execFile);

const file = (path: string, fields: Partial<OutcomeFile> = {}): OutcomeFile => ({
  role: 'original',
  name: 'original',
  path,
  width: 8,
  height: 8,
  format: 'png',
  bytes: 700,
  sha256: path.padEnd(64, '0'),
  ...fields,
});

async function saved(
  index: number,
  files: readonly OutcomeFile[] = [file(`p${index}.png`)],
): Promise<Outcome> {
  for (const { path, bytes } of files) await writeFile(join(folder(), path), randomBytes(bytes));
  return anOutcome({ index, prompt: `prompt ${index} ☀️`, files });
}

/** Lists each shard with GNU tar: the names of its members, in order. */
async function listed(): Promise<Record<string, string[]>> {
  const shards: Record<string, string[]> = {};
  for (const shard of (await readdir(join(folder(), 'webdataset'))).sort()) {
    const { stdout, stderr } = await run('tar', ['-tf', join(folder(), 'webdataset', shard)]);
    expect(stderr).toBe('');
    shards[shard] = stdout.split('\n').filter((name) => name !== '');
  }
  return shards;
}

async function delivered(outcomes: readonly Outcome[], samplesPerShard = 1_000) {
  const destination = await openWebDataset(folder(), { samplesPerShard });
  const addresses = await Promise.all(outcomes.map((outcome) => lastValueFrom(destination.deliver(outcome))));
  await destination.close();
  return addresses;
}

it('packs images, prompt and outcome, readable by tar', async () => {
  const thumb = file('p0--thumb.webp', { role: 'rendition', name: 'thumb', format: 'webp' });
  const outcome = await saved(0, [file('p0.png'), thumb, file('p0-2.json'), file('p0-3.PNG')]);
  expect(await delivered([outcome])).toEqual([Array(4).fill('webdataset/00000.tar')]);
  expect(await listed()).toEqual({
    '00000.tar': [
      '000000000.png',
      '000000000.thumb.webp',
      '000000000.2.output.json',
      '000000000.3.png',
      '000000000.txt',
      '000000000.json',
    ],
  });
  await run('tar', ['-xf', join(folder(), 'webdataset/00000.tar'), '-C', folder()]);
  expect(await readFile(join(folder(), '000000000.png'))).toEqual(await readFile(join(folder(), 'p0.png')));
  expect(await readFile(join(folder(), '000000000.txt'), 'utf8')).toBe('prompt 0 ☀️');
  expect(JSON.parse(await readFile(join(folder(), '000000000.json'), 'utf8'))).toMatchObject(outcome);
});

it('begins a new shard when one is full, also in a later run', async () => {
  const outcomes = await Promise.all([0, 1, 2, 3, 4].map((index) => saved(index)));
  await delivered(outcomes.slice(0, 3), 2);
  await delivered(outcomes.slice(3), 2);
  const names = Object.entries(await listed()).map(([shard, members]) => [
    shard,
    members.filter((name) => name.endsWith('.png')),
  ]);
  expect(names).toEqual([
    ['00000.tar', ['000000000.png', '000000001.png']],
    ['00001.tar', ['000000002.png', '000000003.png']],
    ['00002.tar', ['000000004.png']],
  ]);
});

it('writes nothing twice, but adds an image that was made again', async () => {
  const outcome = await saved(0);
  await delivered([outcome, outcome]);
  const { size } = await stat(join(folder(), 'webdataset/00000.tar'));
  await delivered([outcome]);
  expect((await stat(join(folder(), 'webdataset/00000.tar'))).size).toBe(size);
  await delivered([await saved(0, [file('other.png')])]);
  expect((await listed())['00000.tar']).toHaveLength(6);
});

it('drops a sample that a crash cut at any point, and continues there', async () => {
  const outcomes = await Promise.all([0, 1, 2].map((index) => saved(index)));
  await delivered(outcomes);
  const shard = join(folder(), 'webdataset/00000.tar');
  const whole = await readFile(shard);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (length) => {
      await writeFile(shard, whole);
      await truncate(shard, length);
      await delivered(outcomes);
      expect(await readFile(shard)).toEqual(whole);
    }),
    { numRuns: 40 },
  );
});

it('drops a sample whose end a power cut has left with zeros, and continues there', async () => {
  const outcomes = [await saved(0), await saved(1)];
  await delivered(outcomes);
  const path = join(folder(), 'webdataset/00000.tar');
  const whole = await readFile(path);
  const json = whole.lastIndexOf('000000001.json');
  const blocks = (whole.length - 1024 - json) / 512;
  expect(blocks).toBeGreaterThan(1);
  for (let block = 0; block < blocks; block += 1) {
    const torn = Buffer.from(whole.subarray(0, -1024));
    torn.fill(0, json + 512 * block, json + 512 * (block + 1));
    await writeFile(path, torn);
    await delivered(outcomes);
    expect(await readFile(path)).toEqual(whole);
  }
});

it('flushes images before the end that makes their sample whole', async () => {
  const probe = await open(join(folder(), 'probe'), 'w');
  const methods = Object.getPrototypeOf(probe);
  await probe.close();
  const outcome = await saved(0);
  const destination = await openWebDataset(folder());
  const calls: string[] = [];
  for (const name of ['truncate', 'write', 'sync']) {
    const method = methods[name];
    vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...args) {
      calls.push(name);
      return method.apply(this, args);
    });
  }
  onTestFinished(() => void vi.restoreAllMocks());
  await lastValueFrom(destination.deliver(outcome));
  expect(calls).toEqual(['truncate', 'write', 'sync', 'write', 'sync']);
  await destination.close();
});

it('fails only the job whose image is gone', async () => {
  const [first, second] = [await saved(0), await saved(1)];
  await rm(join(folder(), 'p0.png'));
  const destination = await openWebDataset(folder());
  await expect(lastValueFrom(destination.deliver(first))).rejects.toThrow(DeliveryError);
  await lastValueFrom(destination.deliver(second));
  await destination.close();
  expect((await listed())['00000.tar']).toEqual(['000000001.png', '000000001.txt', '000000001.json']);
});

it('writes no shard without samples, and rejects if the folder cannot be used', async () => {
  await delivered([]);
  expect(await readdir(join(folder(), 'webdataset'))).toEqual([]);
  await writeFile(join(folder(), 'taken'), '');
  await mkdir(join(folder(), 'run'));
  await writeFile(join(folder(), 'run/webdataset'), '');
  await expect(openWebDataset(join(folder(), 'run'))).rejects.toMatchObject({ code: 'ERR_NOT_A_FOLDER' });
});

it('writes through no link, whether it has the name of a shard or of their folder', async () => {
  await delivered([await saved(0)]);
  await mkdir(join(folder(), 'other'));
  await rename(join(folder(), 'webdataset/00000.tar'), join(folder(), 'other/00000.tar'));
  await symlink('../other/00000.tar', join(folder(), 'webdataset/00000.tar'));
  const before = await readFile(join(folder(), 'other/00000.tar'));
  expect(await delivered([await saved(1)])).toEqual([['webdataset/00001.tar']]);
  expect(await readFile(join(folder(), 'other/00000.tar'))).toEqual(before);
  await mkdir(join(folder(), 'run'));
  await symlink(join(folder(), 'other'), join(folder(), 'run/webdataset'));
  await expect(openWebDataset(join(folder(), 'run'))).rejects.toThrow('a symbolic link that leads to');
});

it('packs no file outside of the run folder', async () => {
  await writeFile(join(folder(), 'secret.png'), 'secret');
  const run = join(folder(), 'run');
  await mkdir(run);
  await symlink('../secret.png', join(run, 'window.png'));
  const destination = await openWebDataset(run);
  for (const path of ['../secret.png', 'window.png']) {
    const outcome = anOutcome({ index: 0, files: [file(path)] });
    await expect(lastValueFrom(destination.deliver(outcome))).rejects.toBeInstanceOf(DeliveryError);
  }
  await destination.close();
  expect(await readdir(join(run, 'webdataset'))).toEqual([]);
});
