import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, of } from 'rxjs';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../../src/renditions/notation.ts';
import type { Simulator } from '../../../../src/simulator/index.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { openJournal } from '../../../../src/store/journal/journal.ts';
import type { Outcome } from '../../../../src/types.ts';
import { jobOf } from '../../../helpers/jobOf.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
let events: RunEvent[] = [];
beforeEach(async () => {
  simulator = await simulated();
  events = [];
});

/** Two jobs, with two outputs each if asked. */
function run(renditions: readonly string[], settings: Partial<RunSettings> = {}, outputs = 1) {
  const jobs = [0, 1].map((index) =>
    jobOf({
      index,
      model: SCHNELL,
      input: { prompt: 'a cat', seed: index, num_outputs: outputs },
      renditions: renditions.map((text) => parseRendition(text)),
    }),
  );
  const plans = () =>
    planJobs(jobs, { organize: 'flat', date: '2026-11-23', knownNames: [], priceOf: () => 3_000 });
  const provider = createReplicateProvider(simulator);
  const emit = (event: RunEvent) => events.push(event);
  return lastValueFrom(runToFolder(plans, { folder: folder(), provider, emit, gallery: false, ...settings }));
}
const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8')).outcomes;
const names = async () => (await readdir(folder())).filter((name) => name.includes('--')).toSorted();
const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
async function expectWhole() {
  for (const { path, bytes, sha256 } of (await outcomes()).flatMap(({ files }) => files)) {
    const content = await readFile(join(folder(), path));
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  }
}

it('reports each job that gets a rendition as a step of a sequential run', async () => {
  await run([]);
  await run(['thumb=8x8'], { strategy: 'sequential' });
  expect(events.filter(({ type }) => type === 'job.progress')).toMatchObject([
    { current: 1, total: 2, percent: 50, status: 'saved', predictionId: expect.any(String) },
    { current: 2, total: 2, percent: 100, status: 'saved' },
  ]);
});

it('leaves a file of yours that has the name of a rendition', async () => {
  await run([]);
  const [first] = await outcomes();
  const mine = `${first?.files[0]?.path.replace(/\.webp$/, '')}--thumb.webp`;
  await writeFile(join(folder(), mine), 'mine');
  await run(['thumb=8x8,webp']);
  expect(await readFile(join(folder(), mine), 'utf8')).toBe('mine');
  expect(await names()).toContain(mine.replace('--thumb', '--thumb-2'));
  await expectWhole();
  // Its own is replaced when the recipe changes.
  const before = await names();
  await run(['thumb=6x6,webp']);
  expect(await names()).toEqual(before);
  await expectWhole();
});

it('makes a rendition that is added to a finished folder, from the disk alone', async () => {
  await run([]);
  const requests = simulator.stats();
  const { totals, report } = await run(['thumb=8x8']);
  expect(totals).toMatchObject({ saved: 2, alreadySaved: 0, failed: 0, costUsd: 0 });
  // It asks for the name of the service, and no more.
  const { other } = requests.requests;
  expect(simulator.stats()).toEqual({
    ...requests,
    requests: { ...requests.requests, other: other + 1 },
    apiRequests: requests.apiRequests + 1,
  });
  expect(await names()).toEqual(['0001-a-cat--thumb.jpg', '0002-a-cat--thumb.jpg']);
  const [first] = await outcomes();
  expect(first).toMatchObject({
    costUsd: 0.003,
    attempts: 1,
    files: [{ role: 'original' }, { name: 'thumb' }],
  });
  expect(report).toMatchObject({ saved: 2, costUsd: 0.006 });
  expect(events.filter((event) => event.type === 'image.saved' && event.paidBefore)).toHaveLength(2);
  expect(JSON.parse(await readFile(join(folder(), '0001-a-cat.json'), 'utf8'))).toEqual(first);
  await expectWhole();
  expect((await run(['thumb=8x8'])).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
});

it('adds to each of several originals, and carries the provenance of its original', async () => {
  await run(['thumb=8x8'], {}, 2);
  await run(['thumb=8x8', 'wide=16x8,png'], {}, 2);
  const [{ files = [] } = {}] = await outcomes();
  expect(files.map(({ path }) => path)).toEqual([
    '0001-a-cat.webp',
    '0001-a-cat--thumb.jpg',
    '0001-a-cat--wide.png',
    '0001-a-cat--2.webp',
    '0001-a-cat--2--thumb.jpg',
    '0001-a-cat--2--wide.png',
  ]);
  const rendition = await readFile(join(folder(), '0001-a-cat--2--wide.png'), 'latin1');
  expect(rendition).toContain('rxposure simulator');
  await expectWhole();
});

it.each([
  ['another size', 'thumb=8x8', 'thumb=16x16', ['0001-a-cat--thumb.jpg', '0002-a-cat--thumb.jpg']],
  ['another format', 'thumb=8x8', 'thumb=8x8,png', ['0001-a-cat--thumb.png', '0002-a-cat--thumb.png']],
  ['another quality', 'thumb=8x8,80', 'thumb=8x8,30', ['0001-a-cat--thumb.jpg', '0002-a-cat--thumb.jpg']],
])('makes it again in its place with %s', async (_, before, after, left) => {
  await run([before]);
  const [old] = await outcomes();
  expect((await run([after])).totals).toMatchObject({ saved: 2, alreadySaved: 0, costUsd: 0 });
  expect(await names()).toEqual(left);
  expect((await outcomes())[0]?.files[1]?.recipe).not.toBe(old?.files[1]?.recipe);
  await expectWhole();
  expect((await run([after])).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
});

it('leaves renditions that are no longer asked for, and forgets them once they are deleted', async () => {
  await run(['thumb=8x8', 'wide=16x8']);
  expect((await run(['thumb=8x8'])).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
  expect(await names()).toHaveLength(4);
  expect((await outcomes())[0]?.files).toHaveLength(3);
  await rm(join(folder(), '0001-a-cat--wide.jpg'));
  await run(['thumb=8x8']);
  expect((await outcomes()).map(({ files }) => files.length)).toEqual([2, 3]);
  await expectWhole();
});

it('makes a deleted rendition again also for a job that shares the result of another', async () => {
  await run(['thumb=8x8'], { cacheFolder: `${folder()}-cache` });
  await rm(folder(), { recursive: true });
  await run(['thumb=8x8'], { cacheFolder: `${folder()}-cache` });
  expect((await outcomes()).every(({ cached }) => cached)).toBe(true);
  await rm(join(folder(), '0002-a-cat--thumb.jpg'));
  expect((await run(['thumb=8x8'])).totals).toMatchObject({ saved: 1, alreadySaved: 1, costUsd: 0 });
  expect(simulator.stats().created).toBe(2);
});

it('renders nothing of an original that was changed, reports it, and keeps its record', async () => {
  await run([]);
  const path = join(folder(), '0001-a-cat.webp');
  await writeFile(
    path,
    await sharp(await readFile(path))
      .grayscale()
      .webp()
      .toBuffer(),
  );
  const { totals, report } = await run(['thumb=8x8']);
  expect(totals).toMatchObject({ saved: 1, failed: 1, alreadySaved: 0, costUsd: 0 });
  const failed = events.flatMap((event) => (event.type === 'job.failed' ? [event.outcome.error] : []));
  expect(failed).toMatchObject([{ code: 'ERR_RENDER_FAILED', stage: 'rendering' }]);
  expect(failed[0]?.message).toContain('has changed since it was saved');
  expect(report).toMatchObject({ saved: 2, failed: 0, costUsd: 0.006 });
});

it('recognizes renditions of earlier versions by format and frame', async () => {
  await run(['thumb=8x8']);
  const lines = (await readFile(join(folder(), 'manifest.jsonl'), 'utf8')).trim().split('\n');
  const old = lines.map((line) => {
    const outcome: Outcome = JSON.parse(line);
    return JSON.stringify({ ...outcome, files: outcome.files.map(({ recipe: _, ...file }) => file) });
  });
  await writeFile(join(folder(), 'manifest.jsonl'), `${old.join('\n')}\n`);
  expect((await run(['thumb=8x8'])).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
  expect((await run(['thumb=9x8'])).totals).toMatchObject({ saved: 2, alreadySaved: 0 });
});

it('delivers added renditions, and reports missing originals', async () => {
  const delivered: string[][] = [];
  const destination = (name: string) => async () => ({
    ...{ name, concurrency: 1, close: async () => {} },
    deliver: ({ files }: Outcome) => {
      delivered.push(files.map(({ path }) => path));
      return of(files.map(({ path }) => `${name}/${path}`));
    },
  });
  await run([], { destinations: [destination('a')] });
  delivered.length = 0;
  await run(['thumb=8x8'], { destinations: [destination('a')] });
  expect(delivered).toContainEqual(['0001-a-cat.webp', '0001-a-cat--thumb.jpg']);
  expect((await outcomes())[0]?.deliveredTo).toEqual({ a: ['a/0001-a-cat.webp', 'a/0001-a-cat--thumb.jpg'] });
  for (const { path } of (await outcomes()).flatMap(({ files }) => files)) await rm(join(folder(), path));
  events = [];
  const { totals } = await run(['thumb=8x8', 'wide=16x8'], { destinations: [destination('b')] });
  expect(totals).toMatchObject({ saved: 0, alreadySaved: 2 });
  expect(warnings()).toEqual([
    'The renditions of 2 saved jobs are not made: the originals are no longer in the folder. The manifest names the destinations that have them.',
    '2 saved jobs are not delivered to b: the images are no longer in the folder. The manifest names the destinations that have them.',
  ]);
});

it('writes sidecars that an earlier run left out', async () => {
  await run([], { sidecars: false });
  expect(existsSync(join(folder(), '0001-a-cat.json'))).toBe(false);
  await run([], { sidecars: false });
  expect(existsSync(join(folder(), '0001-a-cat.json'))).toBe(false);
  await run([]);
  expect(JSON.parse(await readFile(join(folder(), '0002-a-cat.json'), 'utf8'))).toEqual(
    (await outcomes())[1],
  );
});

it('reports that provenance and unchanged originals apply to new images only', async () => {
  await run([]);
  const before = await readFile(join(folder(), '0001-a-cat.webp'));
  await run([], { provenance: 'none', keepOriginals: true });
  expect(warnings()).toEqual([
    'The images of 2 saved jobs keep the provenance that they were written with: `none` holds for new images.',
    'The images of 2 saved jobs have their provenance embedded: --keep-originals (`keepOriginals` in code) holds for new images.',
  ]);
  expect(await readFile(join(folder(), '0001-a-cat.webp'))).toEqual(before);
  events = [];
  await run([]);
  expect(warnings()).toEqual([]);
});

it('stays away from jobs that the run leaves out', async () => {
  await run([]);
  const { totals } = await run(['thumb=8x8'], { only: (index) => index === 1 });
  expect(totals).toMatchObject({ saved: 1 });
  expect(await names()).toEqual(['0002-a-cat--thumb.jpg']);
});

it('ignores claims that only a line of the manifest makes', async () => {
  await run([]);
  const [first] = await outcomes();
  await appendFile(join(folder(), 'manifest.jsonl'), `${JSON.stringify({ ...first, index: 7 })}\n`);
  expect((await run(['thumb=8x8'])).totals).toMatchObject({ saved: 2, alreadySaved: 0, failed: 0 });
  expect((await outcomes()).map(({ index }) => index)).toEqual([0, 1]);
  const journal = openJournal(folder());
  expect(journal.spentMicroUsd()).toBe(6_000);
  journal.close();
});
