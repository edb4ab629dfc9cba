import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, Subject } from 'rxjs';
import { beforeEach, expect, it } from 'vitest';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { Simulator } from '../../../src/simulator/index.ts';
import { sidecarPath } from '../../../src/sinks/manifest/sidecar.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Outcome } from '../../../src/types.ts';
import { jobOf } from '../../helpers/jobOf.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
beforeEach(async () => {
  simulator = await simulated();
});

/** Runs 70 jobs. */
function run(settings: Partial<RunSettings>) {
  const jobs = Array.from({ length: 70 }, (_, index) =>
    jobOf({ index, model: SCHNELL, input: { prompt: 'a cat', seed: index } }),
  );
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  const provider = createReplicateProvider(simulator);
  const rest = { gallery: false, ratePerMinute: 100_000 };
  return lastValueFrom(runToFolder(plans, { folder: folder(), provider, ...rest, ...settings }));
}

it('rates no further image of earlier runs once it is stopped', async () => {
  await run({});
  const stop = new Subject<void>();
  const rated: number[] = [];
  const scorer = ({ index = -1 }: { readonly index?: number }) => {
    rated.push(index);
    stop.next();
    return index;
  };
  await run({ scorer, stop });
  expect(rated.length).toBeGreaterThan(0);
  expect(rated.length).toBeLessThan(50);
  const { outcomes } = JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'));
  const scored = outcomes.filter(({ metrics }: Outcome) => metrics.score !== undefined);
  expect(scored).toHaveLength(rated.length);
  for (const { files, metrics } of scored) {
    const sidecar = JSON.parse(await readFile(join(folder(), sidecarPath(files[0].path)), 'utf8'));
    expect(sidecar.metrics.score).toBe(metrics.score);
  }
});
