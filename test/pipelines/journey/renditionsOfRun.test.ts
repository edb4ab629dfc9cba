import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { jobOf } from '../../helpers/jobOf.ts';

let folder = '';
let simulator: Simulator;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  simulator = await startSimulator({ render: 'fast', speed: 100 });
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

function run(rendition: string): Promise<FinishedRun> {
  const model = 'black-forest-labs/flux-schnell';
  const jobs = [0, 1].map((index) =>
    jobOf({ index, model, input: { prompt: 'a cat', seed: index }, renditions: [parseRendition(rendition)] }),
  );
  const plans = () =>
    planJobs(jobs, { organize: 'flat', date: '2026-11-23', knownNames: [], priceOf: () => 3_000 });
  return lastValueFrom(runToFolder(plans, { folder, provider: createReplicateProvider(simulator) }));
}

it('fails jobs whose rendition cannot be as small as it should, and makes it later without paying again', async () => {
  const failed = await run('thumb=64x64,webp,max=20');
  expect(failed.totals).toMatchObject({ saved: 0, failed: 2 });
  const manifest = await readFile(join(folder, 'manifest.jsonl'), 'utf8');
  expect(JSON.parse(manifest.split('\n')[0] ?? '')).toMatchObject({
    error: { name: 'RenderError', code: 'ERR_RENDITION_TOO_LARGE', recoverable: false },
  });
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  const { totals } = await run('thumb=64x64,webp,max=60kB');
  expect(totals).toMatchObject({ saved: 2, failed: 0 });
  expect(simulator.stats()).toMatchObject({ created: 2 });
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['0001-a-cat--thumb.webp']));
});

it('makes the renditions of saved jobs again when their settings change, without paying again', async () => {
  await run('thumb=64x64,webp');
  const { totals } = await run('thumb=64x64,png,caption={index}');
  expect(totals).toMatchObject({ alreadySaved: 0, saved: 2, costUsd: 0 });
  expect((await readdir(folder)).filter((name) => name.includes('--')).toSorted()).toEqual([
    '0001-a-cat--thumb.png',
    '0002-a-cat--thumb.png',
  ]);
  expect(simulator.stats()).toMatchObject({ created: 2 });
});

it('creates nothing if a caption names a tag that no job has', async () => {
  await expect(run('thumb=64x64,caption={platform}')).rejects.toThrow('got {platform} in {platform}');
  expect(simulator.stats()).toMatchObject({ created: 0 });
});
