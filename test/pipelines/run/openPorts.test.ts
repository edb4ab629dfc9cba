import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { generate } from '../../../src/pipelines/generate.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { startSimulator } from '../../../src/simulator/index.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

it('makes images with a service and a folder, and nothing else', async () => {
  const simulator = await startSimulator({ render: 'fast', speed: 100, coldStarts: false });
  onTestFinished(() => simulator.close());
  const model = 'black-forest-labs/flux-schnell';
  const jobs = ['a red fox', 'an owl'].map((prompt) => ({ model, input: { prompt } }));
  const settings = { provider: createReplicateProvider(simulator), folder: folder() };
  const made = await lastValueFrom(generate(() => planJobs(jobs), settings).pipe(toArray()));
  const paths = made.flatMap(({ files }) => files.map(({ path }) => path));
  expect(paths.toSorted()).toEqual(['0001-a-red-fox.webp', '0002-an-owl.webp']);
  expect(made.map(({ costUsd, tags }) => ({ costUsd, tags }))).toEqual(
    Array(2).fill({ costUsd: 0.003, tags: {} }),
  );
  for (const path of paths) expect((await stat(join(folder(), path))).size).toBeGreaterThan(0);
});
