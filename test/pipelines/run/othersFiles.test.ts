import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lastValueFrom, Subject } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import { openWebDataset } from '../../../src/sinks/destinations/webDataset.ts';
import { manifestOutcomes } from '../../../src/sinks/manifest/manifest.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Outcome } from '../../../src/types.ts';
import { runUntil } from '../../helpers/runUntil.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const root = temporaryFolder();
let simulator: Simulator | null = null;
afterEach(async () => {
  await simulator?.close();
  simulator = null;
});

const THEIRS = 'a picture of mine';

const jobs = ['a cat', 'a dog'].map((prompt, index) => ({
  index,
  prompt,
  model: 'black-forest-labs/flux-schnell',
  version: null,
  input: { prompt, seed: 7 },
  tags: {},
  renditions: [parseRendition('thumb=16x16,jpeg')],
}));

/** Runs the first jobs; returns the outcomes of all and the warnings. */
async function run(count: number, fields: Partial<RunSettings> = {}) {
  simulator ??= await startSimulator({ render: 'fast', speed: 100 });
  const folder = join(root(), 'run');
  const warnings: string[] = [];
  const emit = (event: RunEvent) => {
    if (event.type === 'warning') warnings.push(event.message);
  };
  const plans = () =>
    planJobs(jobs.slice(0, count), { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const settings = { folder, provider: createReplicateProvider(simulator), emit, keepOriginals: true };
  await lastValueFrom(runToFolder(plans, { ...settings, ...fields }));
  const outcomes: Outcome[] = [];
  for await (const outcome of manifestOutcomes(folder)) outcomes.push(outcome);
  return { outcomes, warnings, folder };
}

const names = {
  original: '0002-a-dog.webp',
  rendition: '0002-a-dog--thumb.jpg',
  untouched: 'originals/0002-a-dog.webp',
  sidecar: '0002-a-dog.json',
  csv: 'manifest.csv',
  parquet: 'manifest.parquet',
  shard: 'webdataset/00000.tar',
};

async function place(folder: string, name: string, content: string | null = THEIRS): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  if (content === null) await symlink(join(root(), 'elsewhere'), join(folder, name));
  else await writeFile(join(folder, name), content);
}

it('replaces images that a killed run has named before its journal knew them', async () => {
  simulator = await startSimulator({ render: 'fast', speed: 100 });
  const killed = new Subject<void>();
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const emit = (event: RunEvent) => {
    if (event.type === 'image.downloaded') killed.next();
  };
  const settings = { folder: join(root(), 'run'), provider: createReplicateProvider(simulator), emit };
  await runUntil(runToFolder(plans, settings), settings.folder, killed);
  const { outcomes, folder } = await run(2);
  expect(outcomes.map(({ status }) => status)).toEqual(['saved', 'saved']);
  expect((await readdir(folder, { recursive: true })).filter((name) => /-2\.\w+$/.test(name))).toEqual([]);
});

it.each([
  ['a file', THEIRS],
  ['a link', null],
])('never replaces %s of the user, under any name', async (_kind, content) => {
  const { folder } = await run(1);
  await writeFile(join(root(), 'elsewhere'), THEIRS);
  const { shard, ...taken } = names;
  for (const name of Object.values(taken)) await place(folder, name, content);
  if (content !== null) await place(folder, shard, content);
  const settings: Partial<RunSettings> = {
    tables: ['csv', 'parquet'],
    destinations: [(where) => openWebDataset(where)],
  };
  for (const again of [false, true]) {
    const { outcomes, warnings } = await run(2, settings);
    for (const name of Object.values(taken)) {
      expect(await readFile(join(folder, name), 'utf8'), name).toBe(THEIRS);
      if (content === null) expect(await readlink(join(folder, name))).toBe(join(root(), 'elsewhere'));
    }
    if (content !== null) expect(await readFile(join(folder, shard), 'utf8')).toBe(THEIRS);
    expect(outcomes[1]).toMatchObject({
      status: 'saved',
      files: [
        { path: '0002-a-dog-2.webp' },
        { path: 'originals/0002-a-dog-2.webp' },
        { path: '0002-a-dog-2--thumb.jpg' },
      ],
      deliveredTo: { webdataset: Array(3).fill(`webdataset/0000${content === null ? 0 : 1}.tar`) },
    });
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['0002-a-dog-2.json', 'manifest-2.csv', 'manifest-2.parquet']),
    );
    expect(warnings.filter((text) => text.includes('is not a table of this run'))).toHaveLength(2);
    expect(simulator?.stats().created, `again: ${again}`).toBe(2);
  }
  expect((await readdir(folder, { recursive: true })).filter((name) => /-3\.|-2-2/.test(name))).toEqual([]);
});

it('keeps each name on its own: only taken names are evaded', async () => {
  const { folder } = await run(1);
  await place(folder, names.rendition);
  await place(folder, names.sidecar, '{"notes":"mine"}');
  const { outcomes } = await run(2);
  expect(outcomes[1]?.files.map(({ path }) => path)).toEqual([
    '0002-a-dog.webp',
    'originals/0002-a-dog.webp',
    '0002-a-dog--thumb-2.jpg',
  ]);
  expect(await readFile(join(folder, names.sidecar), 'utf8')).toBe('{"notes":"mine"}');
  expect(JSON.parse(await readFile(join(folder, '0002-a-dog.sidecar.json'), 'utf8'))).toEqual(outcomes[1]);
});

it('evades files of the user with results of the cache too', async () => {
  const cacheFolder = join(root(), 'cache');
  const resultKeys = { cacheFolder, keepOriginals: false };
  const { folder } = await run(1, resultKeys);
  await place(folder, names.original);
  await run(2, resultKeys);
  expect(await readFile(join(folder, names.original), 'utf8')).toBe(THEIRS);
});

it('replaces its own files when they are made again', async () => {
  const { folder, outcomes } = await run(2);
  const files = outcomes.flatMap((outcome) => outcome.files.map(({ path }) => path));
  const before = (await readdir(folder, { recursive: true })).sort();
  for (const path of files) if (path.includes('thumb')) await writeFile(join(folder, path), 'damaged');
  for (const { files: own } of outcomes) await rm(join(folder, own[0]?.path ?? ''));
  const again = await run(2);
  expect(again.outcomes.flatMap((outcome) => outcome.files.map(({ path }) => path))).toEqual(files);
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(before);
  expect(simulator?.stats().created).toBe(2);
});

it('replaces no image whose journal is gone', async () => {
  const { folder, outcomes } = await run(2);
  const [image] = outcomes.flatMap(({ files }) => files);
  const before = await readFile(join(folder, image?.path ?? ''));
  for (const name of ['run.sqlite', 'journal.jsonl', 'manifest.jsonl']) await rm(join(folder, name));
  const again = await run(2);
  expect(again.outcomes[0]?.files[0]?.path).toBe('0001-a-cat-2.webp');
  expect(await readFile(join(folder, image?.path ?? ''))).toEqual(before);
});

it('gives an image its name again if the log of its journal is left', async () => {
  const { folder, outcomes } = await run(2);
  for (const name of ['run.sqlite', 'manifest.jsonl']) await rm(join(folder, name));
  const again = await run(2);
  const pathsOf = (all: readonly Outcome[]) => all.flatMap(({ files }) => files.map(({ path }) => path));
  expect(pathsOf(again.outcomes)).toEqual(pathsOf(outcomes));
  expect(simulator?.stats().created).toBe(2);
});
