import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncScheduler, lastValueFrom, type SchedulerLike } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import type { FinishedRun } from '../../../../src/pipelines/run/closing/results.ts';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../../src/renditions/notation.ts';
import { type Simulator, startSimulator } from '../../../../src/simulator/index.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import type { Outcome } from '../../../../src/types.ts';
import { jobOf } from '../../../helpers/jobOf.ts';

let folder = '';
let simulator: Simulator;
let events: RunEvent[] = [];
/** Predictions whose files and data the service has deleted. */
const forgotten = new Set<unknown>();
/** Predictions that the service no longer knows. */
const unknown = new Set<unknown>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const lifetimeMs = ({ id }: { id: string }) => (forgotten.has(id) ? 0 : HOUR_MS);
  const onGet = ({ id }: { id: string }) =>
    unknown.has(id) ? ({ type: 'answer', status: 404, body: '{"detail":"not found"}' } as const) : null;
  // Every response has the exact end, which is part of the files: they are compared byte by byte.
  const early = { earlyOutputRate: 0 };
  simulator = await startSimulator({ render: 'fast', speed: 100, ...early, faults: { lifetimeMs, onGet } });
  events = [];
  forgotten.clear();
  unknown.clear();
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const HOUR_MS = 3_600_000;
/** By then the service has deleted its predictions. */
const hoursLater: SchedulerLike = {
  now: () => asyncScheduler.now() + 2 * HOUR_MS,
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};

/** Three jobs with a rendition each. */
function run(settings: Partial<RunSettings> = {}, seedOf = (index: number) => index): Promise<FinishedRun> {
  const model = 'black-forest-labs/flux-schnell';
  const renditions = [parseRendition('thumb=8x8')];
  const jobs = [0, 1, 2].map((index) =>
    jobOf({ index, model, input: { prompt: 'a cat', seed: seedOf(index) }, renditions }),
  );
  const plans = () =>
    planJobs(jobs, { organize: 'flat', date: '2026-11-23', knownNames: [], priceOf: () => 3_000 });
  const provider = createReplicateProvider(simulator);
  const emit = (event: RunEvent) => events.push(event);
  return lastValueFrom(runToFolder(plans, { folder, provider, emit, gallery: false, ...settings }));
}
const pictures = async () =>
  (await readdir(folder)).filter((name) => /^\d.*\.(webp|jpg)$/.test(name)).toSorted();
const remove = async (...names: string[]) => {
  for (const name of names) await rm(join(folder, name));
};
const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).outcomes;
const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
const all = ['0001-a-cat--thumb.jpg', '0001-a-cat.webp', '0002-a-cat--thumb.jpg', '0002-a-cat.webp'].concat([
  '0003-a-cat--thumb.jpg',
  '0003-a-cat.webp',
]);

it('fetches deleted originals again, and renders deleted renditions, for nothing', async () => {
  await run();
  expect(await pictures()).toEqual(all);
  const before = await readFile(join(folder, '0002-a-cat.webp'));
  await remove('0002-a-cat.webp', '0003-a-cat--thumb.jpg');
  const { downloads } = simulator.stats();
  // The budget does not cover another image.
  const { totals } = await run({ budgetMicroUsd: 9_000 });
  expect(totals).toMatchObject({ total: 3, saved: 2, alreadySaved: 1, failed: 0, costUsd: 0 });
  expect((await outcomes()).map(({ costUsd }) => costUsd)).toEqual([0.003, 0.003, 0.003]);
  const paidBefore = events.flatMap((event) => (event.type === 'image.saved' ? [event.paidBefore] : []));
  expect(paidBefore).toEqual([undefined, undefined, undefined, true, true]);
  expect(await pictures()).toEqual(all);
  expect(await readFile(join(folder, '0002-a-cat.webp'))).toEqual(before);
  expect(simulator.stats()).toMatchObject({ created: 3, downloads: downloads + 1 });
  expect((await run()).totals).toMatchObject({ saved: 0, alreadySaved: 3 });
});

it('renders a rendition at any time, and reports originals that are lost', async () => {
  await run();
  for (const { predictionId } of await outcomes()) forgotten.add(predictionId);
  await remove('0001-a-cat--thumb.jpg', '0002-a-cat.webp', '0003-a-cat.webp', '0003-a-cat--thumb.jpg');
  const { totals } = await run({ scheduler: hoursLater });
  expect(totals).toMatchObject({ saved: 1, alreadySaved: 2, failed: 0 });
  expect(await pictures()).toEqual(['0001-a-cat--thumb.jpg', '0001-a-cat.webp', '0002-a-cat--thumb.jpg']);
  expect(warnings()).toEqual([
    '2 jobs have lost their images (#2, #3) and the service has deleted them. Run with --repay (`repay` in code) to make, and pay for, them again.',
  ]);
  expect(simulator.stats()).toMatchObject({ created: 3 });
});

it('fetches files again that were emptied or replaced by a folder', async () => {
  await run();
  await writeFile(join(folder, '0001-a-cat.webp'), '');
  await writeFile(join(folder, '0002-a-cat--thumb.jpg'), '');
  await remove('0003-a-cat.webp');
  await mkdir(join(folder, '0003-a-cat.webp'));
  const { totals } = await run();
  expect(totals).toMatchObject({ saved: 3, alreadySaved: 0, failed: 0, costUsd: 0 });
  expect(simulator.stats()).toMatchObject({ created: 3 });
  for (const { files } of await outcomes()) {
    for (const { path, bytes } of files) expect((await stat(join(folder, path))).size).toBe(bytes);
  }
});

it('lists a saved job again that a power cut has left listed as failed', async () => {
  await run();
  const path = join(folder, 'manifest.jsonl');
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  const stale = lines.map((line) => {
    const outcome = JSON.parse(line);
    if (outcome.index !== 1) return line;
    return line
      .replace('"status":"saved"', '"status":"failed"')
      .replace(/"files":\[.*?\](?=,)/, '"files":[]');
  });
  await writeFile(path, `${stale.join('\n')}\n`);
  const { totals } = await run();
  expect(totals).toMatchObject({ total: 3, failed: 0 });
  expect((await outcomes()).map(({ status }) => status)).toEqual(['saved', 'saved', 'saved']);
  expect(simulator.stats()).toMatchObject({ created: 3 });
});

it('makes lost images again under repay', async () => {
  await run();
  for (const { predictionId } of await outcomes()) forgotten.add(predictionId);
  await remove('0002-a-cat.webp');
  const { totals, report } = await run({ scheduler: hoursLater, repay: true });
  // The first run has counted the cost of the lost image.
  expect(totals).toMatchObject({ saved: 1, alreadySaved: 2, failed: 0, costUsd: 0.003 });
  expect([report.run.costUsd, report.costUsd]).toEqual([0.003, 0.012]);
  expect(events.flatMap((event) => ('paidBeforeUsd' in event ? [event.paidBeforeUsd] : []))).toEqual([0.003]);
  expect((await outcomes())[1]).toMatchObject({ status: 'saved', costUsd: 0.006 });
  expect(await pictures()).toEqual(all);
  expect(simulator.stats()).toMatchObject({ created: 4 });
});

it('reports an image whose prediction the service no longer knows, and makes it again with `repay`', async () => {
  await run();
  for (const { predictionId } of await outcomes()) unknown.add(predictionId);
  await remove('0002-a-cat.webp');
  const random = () => 0;
  const first = await run({ random });
  expect(first.totals).toMatchObject({ saved: 0, alreadySaved: 2, failed: 1, costUsd: 0 });
  const { error, costUsd } = (await outcomes())[1] ?? {};
  expect(error).toMatchObject({ code: 'ERR_OUTPUT_GONE', stage: 'polling' });
  expect(error?.message).toContain('is unknown to the service, and its image is not on disk');
  expect(error?.suggestion).toContain('--repay');
  // The first image was paid for.
  expect(costUsd).toBe(0.003);
  expect(first.report.costUsd).toBe(0.009);
  const second = await run({ random, repay: true });
  expect(second.totals).toMatchObject({ saved: 1, alreadySaved: 2, failed: 0, costUsd: 0.003 });
  expect((await outcomes())[1]).toMatchObject({ status: 'saved', costUsd: 0.006 });
  expect(simulator.stats()).toMatchObject({ created: 4 });
});

it('never pays for an image that an identical job or another run had paid for', async () => {
  const cacheFolder = `${folder}-cache`;
  await run({ cacheFolder }, () => 7);
  expect(simulator.stats()).toMatchObject({ created: 1 });
  await rm(cacheFolder, { recursive: true });
  const cached = (await outcomes()).findIndex((outcome) => outcome.cached);
  await remove(all[cached * 2] ?? '', all[cached * 2 + 1] ?? '');
  const { totals } = await run({}, () => 7);
  expect(totals).toMatchObject({ saved: 0, alreadySaved: 3 });
  expect(warnings()).toEqual([expect.stringContaining('1 job has lost its images')]);
  expect(simulator.stats()).toMatchObject({ created: 1 });
});

it('ignores missing files that were delivered elsewhere, and jobs that are not chosen', async () => {
  await run();
  await remove('0002-a-cat.webp');
  expect((await run({ only: (index) => index === 0 })).totals).toMatchObject({ saved: 0 });
  const lines = (await readFile(join(folder, 'manifest.jsonl'), 'utf8')).trim().split('\n');
  const deliver = lines.map((line) => JSON.stringify({ ...JSON.parse(line), deliveredTo: { 's3://b': [] } }));
  await writeFile(join(folder, 'manifest.jsonl'), `${deliver.join('\n')}\n`);
  expect((await run()).totals).toMatchObject({ saved: 0, alreadySaved: 3 });
  expect(await pictures()).toHaveLength(5);
});
