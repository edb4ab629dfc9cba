import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { matchInput } from '../../../../src/pipelines/run/matching/matchInput.ts';
import { openRun } from '../../../../src/pipelines/run/openRun.ts';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { outcomeSchema } from '../../../../src/sinks/manifest/readOutcomes.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { type FolderJournal, openJournal } from '../../../../src/store/journal/journal.ts';
import { beginFolder } from '../../../../src/store/runFile.ts';
import type { Job, Tags } from '../../../../src/types.ts';
import { aFile, aPlan, created, downloaded, intended, outcome } from '../../../helpers/aPlan.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

interface InputConfig {
  organize?: string;
  date?: string;
  tags?: Tags;
  /** Default true: each prompt has a seed of its own. */
  hasSeeds?: boolean;
}

/** Plans of some prompts; identical prompts are identical requests. */
function plansOf(prompts: readonly string[], config: InputConfig = {}) {
  const { organize = 'flat', date = '2026-11-23', tags = {}, hasSeeds = true } = config;
  const jobs = prompts.map((prompt, index): Job => {
    const input = { prompt, ...(hasSeeds ? { seed: 1 } : {}) };
    return { index, prompt, model: SCHNELL, version: null, input, tags, renditions: [] };
  });
  return () => planJobs(jobs, { organize, date, priceOf: () => 3_000 });
}

const manifestSchema = z.object({
  run: z.object({ total: z.number(), saved: z.number() }),
  outcomes: z.array(outcomeSchema),
  unused: z
    .array(z.object({ prompt: z.string(), files: z.array(z.object({ path: z.string() })) }))
    .optional(),
});

async function manifest() {
  return manifestSchema.parse(JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8')));
}

/** Runs prompts in the folder of the test, again and again over one simulator. */
async function service() {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const events: RunEvent[] = [];
  const emit = (event: RunEvent) => events.push(event);
  const run = async (prompts: readonly string[], config: InputConfig & Partial<RunSettings> = {}) => {
    const before = simulator.stats().created;
    const settings = { folder: folder(), provider, gallery: false, emit, ratePerMinute: 100_000, ...config };
    await lastValueFrom(runToFolder(plansOf(prompts, config), settings));
    const { outcomes, unused = [], run: totals } = await manifest();
    expect(totals.total).toBe(outcomes.length);
    const report = JSON.parse(await readFile(join(folder(), 'report.json'), 'utf8'));
    expect(report.costUsd).toBeCloseTo(0.003 * simulator.stats().created);
    expect(report.unused?.count ?? 0).toBe(unused.length);
    for (const { files, prompt, index } of outcomes) {
      for (const { path } of files) expect(existsSync(join(folder(), path)), path).toBe(true);
      const sidecar = JSON.parse(
        await readFile(join(folder(), files[0]?.path.replace(/\.\w+$/, '.json') ?? ''), 'utf8'),
      );
      expect(sidecar).toMatchObject({ prompt, index });
    }
    return {
      made: simulator.stats().created - before,
      paths: outcomes.map(({ files }) => files[0]?.path.replace(/\.\w+$/, '')),
      prompts: outcomes.map(({ prompt }) => prompt),
      unused: unused.map(({ prompt }) => prompt),
    };
  };
  return { run, simulator, events, provider };
}

it('pays only for new jobs after any insertion, deletion, move or addition', async () => {
  const { run } = await service();
  await run(['a', 'b', 'c']);
  expect(await run(['a', 'new', 'b', 'c'])).toMatchObject({
    made: 1,
    paths: ['0001-a', '0002-new', '0003-b', '0004-c'],
    unused: [],
  });
  expect(await run(['c', 'b', 'a'])).toMatchObject({
    made: 0,
    paths: ['0001-c', '0002-b', '0003-a'],
    unused: ['new'],
  });
  expect(await run(['c', 'changed', 'a', 'last'])).toMatchObject({ made: 2, unused: ['b', 'new'] });
  expect(await run(['a', 'new', 'b', 'c'])).toMatchObject({ made: 0, unused: ['changed', 'last'] });
});

it('reports jobs that are no longer in the input, and moves their files out of the way', async () => {
  const { run, events } = await service();
  await run(['a', 'b']);
  await run(['b']);
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(warnings).toEqual([
    expect.stringContaining('1 job of this folder is no longer in the input, or beyond'),
  ]);
  expect((await manifest()).unused?.[0]?.files[0]?.path).toMatch(/^unused\/1\/0001-a\.webp$/);
  const names = await readdir(join(folder(), 'unused/1'));
  expect(names.toSorted()).toEqual(['0001-a.json', '0001-a.webp']);
  await run(['a', 'b']);
  expect(existsSync(join(folder(), 'unused'))).toBe(false);
  expect((await manifest()).unused).toBeUndefined();
});

it('counts identical requests, and gives each its own result', async () => {
  const { run, simulator } = await service();
  await run(['same', 'same'], { hasSeeds: false });
  expect(await run(['same', 'other', 'same', 'same'], { hasSeeds: false })).toMatchObject({ made: 2 });
  const ids = (await manifest()).outcomes.map(({ predictionId }) => predictionId);
  expect(new Set(ids).size).toBe(4);
  expect(await run(['same'], { hasSeeds: false })).toMatchObject({
    made: 0,
    unused: ['same', 'other', 'same'],
  });
  expect(simulator.stats().created).toBe(4);
});

it('renames files if the layout has changed, but not because the day has', async () => {
  const { run } = await service();
  await run(['a', 'b'], { organize: 'date' });
  const day = { organize: 'date', date: '2026-11-24' };
  expect(await run(['a', 'b'], day)).toMatchObject({
    made: 0,
    paths: ['2026-11-23/0001-a', '2026-11-23/0002-b'],
  });
  expect(await run(['b', 'new'], day)).toMatchObject({
    made: 1,
    paths: ['2026-11-23/0001-b', '2026-11-24/0002-new'],
  });
  expect(await run(['b', 'new'], { organize: 'prompt' })).toMatchObject({
    made: 0,
    paths: ['b/0001-b', 'new/0002-new'],
  });
  expect(existsSync(join(folder(), '2026-11-24'))).toBe(false);
});

it('swaps names that differ in nothing but their job', async () => {
  const { run } = await service();
  await run(['a', 'b', 'c'], { organize: '{index}' });
  const before = await Promise.all(['1', '2', '3'].map((name) => readFile(join(folder(), `${name}.webp`))));
  expect(await run(['c', 'a', 'b'], { organize: '{index}' })).toMatchObject({
    made: 0,
    paths: ['1', '2', '3'],
  });
  const after = await Promise.all(['2', '3', '1'].map((name) => readFile(join(folder(), `${name}.webp`))));
  expect(after).toEqual(before);
});

it('gives results the tags that their rows have now', async () => {
  const { run } = await service();
  await run(['a'], { tags: { mood: 'calm' } });
  expect(await run(['a'], { tags: { mood: 'wild' } })).toMatchObject({ made: 0 });
  expect((await manifest()).outcomes[0]?.tags).toEqual({ mood: 'wild' });
});

it('does not move a file of another program', async () => {
  const { run } = await service();
  await run(['a', 'b']);
  await writeFile(join(folder(), '0001-b.webp'), 'mine');
  expect(await run(['b', 'a'])).toMatchObject({ made: 0, paths: ['0001-b-2', '0002-a'] });
  expect(await readFile(join(folder(), '0001-b.webp'), 'utf8')).toBe('mine');
});

it('keeps the payments for jobs that are gone', async () => {
  const { run, provider } = await service();
  await run(['a', 'b', 'c']);
  await run(['c']);
  const opened = await openRun({ folder: folder(), provider, gallery: false });
  expect(opened.journal.spentMicroUsd()).toBe(3 * 3_000);
  await opened.close();
});

it.each([
  ['before the first file was moved', async () => {}],
  [
    'between the files',
    async () => {
      await mkdir(join(folder(), '.moving'));
      await rename(join(folder(), '0001-a.webp'), join(folder(), '.moving/1'));
    },
  ],
])('finishes a move that a kill has stopped %s', async (_, kill) => {
  const { run, provider } = await service();
  await run(['a', 'b']);
  const opened = await openRun({ folder: folder(), provider, gallery: false });
  // Stops where the files would be moved, as a kill does.
  const stopped = {
    ...opened,
    manifest: { ...opened.manifest, replaced: () => Promise.reject(new Error('killed')) },
  };
  await expect(matchInput(plansOf(['b', 'a']), { fingerprint: null, total: 2 }, stopped)).rejects.toThrow(
    'killed',
  );
  await opened.close();
  await kill();
  expect(await run(['b', 'a'])).toMatchObject({ made: 0, paths: ['0001-b', '0002-a'] });
  expect((await readdir(folder())).filter((name) => /\.next$|^\.moving$/.test(name))).toEqual([]);
});

it('finds a prediction in flight, and downloaded files, under their new index', async () => {
  await beginFolder(folder(), { service: 'simulator', input: null });
  const journal = openJournal(folder());
  const plans = ['a', 'b'].map((name, index) =>
    aPlan({ index, key: name.repeat(64), path: `000${index + 1}-${name}` }),
  );
  const [a = aPlan(), b = aPlan()] = plans;
  await writeFile(join(folder(), '0002-b.png'), 'x');
  for (const entry of [intended(), created('pa')]) await lastValueFrom(journal.record(a, entry));
  for (const entry of [intended(), created('pb'), downloaded(join(folder(), '0002-b.png'))]) {
    await lastValueFrom(journal.record(b, entry));
  }
  journal.close();
  const run = await openRun({ folder: folder(), provider: (await service()).provider, gallery: false });
  const swapped = [
    { ...b, index: 0, path: '0001-b' },
    { ...a, index: 1, path: '0002-a' },
  ];
  await matchInput(() => swapped, { fingerprint: null, total: 2 }, run);
  expect(run.journal.find(0)).toMatchObject({
    state: 'downloaded',
    files: [aFile(join(folder(), '0001-b.png'))],
  });
  expect(run.journal.find(1)).toMatchObject({ state: 'created', predictionId: 'pa' });
  expect([...run.journal.openIndexes()].toSorted()).toEqual([0, 1]);
  await run.close();
});

it('reads the plans of an unchanged input once at most', async () => {
  const run = await openRun({ folder: folder(), provider: (await service()).provider, gallery: false });
  const plan = aPlan({ key: 'c'.repeat(64) });
  await lastValueFrom(run.journal.record(plan, outcome('saved')));
  let passes = 0;
  const plans = () => {
    passes += 1;
    return [plan];
  };
  await matchInput(plans, { fingerprint: 'x', total: 1 }, run);
  passes = 0;
  await matchInput(plans, { fingerprint: 'x', total: 1 }, run);
  expect(passes).toBe(0);
  await matchInput(plans, { fingerprint: null, total: 1 }, run);
  expect(passes).toBe(1);
  await run.close();
});

const keyOf = (name: string) => name.repeat(64);

/** Matches an input, checks which results it finds, and records those that it does not. */
async function matchAndMake(journal: FolderJournal, input: readonly string[], stock: Map<string, number>) {
  const matching = journal.matching();
  for (const [index, name] of input.entries()) matching.add({ index, key: keyOf(name) });
  matching.resolve();
  journal.setInput({ fingerprint: null, total: input.length, content: '' }, matching);
  const wanted = new Map<string, number>();
  const found = new Map<string, number>();
  for (const [index, name] of input.entries()) {
    wanted.set(name, (wanted.get(name) ?? 0) + 1);
    if (journal.isSaved(index)) found.set(name, (found.get(name) ?? 0) + 1);
    const plan = aPlan({ index, key: keyOf(name) });
    if (!journal.isSaved(index))
      await lastValueFrom(journal.record(plan, outcome('saved', { costUsd: 0.003 })));
  }
  for (const [name, number] of wanted)
    expect(found.get(name) ?? 0).toBe(Math.min(number, stock.get(name) ?? 0));
  for (const [name, number] of wanted) stock.set(name, Math.max(number, stock.get(name) ?? 0));
  expect(journal.savedCount()).toBe(input.length);
  const results = [...stock.values()].reduce((sum, each) => sum + each, 0);
  expect(journal.spentMicroUsd()).toBe(3_000 * results);
}

it('matches any change of an input as counting by hand does', async () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(names, { minLength: 1, maxLength: 4 }), async (inputs) => {
      runs += 1;
      const stock = new Map<string, number>();
      const journal = openJournal(join(folder(), String(runs)));
      try {
        for (const input of inputs) await matchAndMake(journal, input, stock);
      } finally {
        journal.close();
      }
    }),
    { numRuns: 25 },
  );
});
