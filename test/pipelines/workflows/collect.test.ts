import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, timer } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import { leaseText, thisProcess } from '../../../src/disk/lease/leaseHolder.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { runCollect } from '../../../src/pipelines/workflows/collect.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../../src/simulator/index.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const thumb = { name: 'thumb', widthPx: 8, heightPx: 8, fit: 'cover', format: 'webp', quality: 80 } as const;
const plans = () =>
  Array.from({ length: 12 }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index }, renditions: [thumb] }),
  );

async function start(config: SimulatorConfig = {}): Promise<RunSettings> {
  simulator = await startSimulator({ render: 'fast', speed: 20, coldStarts: false, ...config });
  return { folder: folder(), provider: createReplicateProvider(simulator), ratePerMinute: 1_000_000 };
}
const detach = (settings: RunSettings) => lastValueFrom(runToFolder(plans, { ...settings, detach: true }));

it('collects the predictions of a detached run', async () => {
  const settings = await start();
  const left = await detach(settings);
  expect(left.totals).toMatchObject({ saved: 0, skipped: 12 });
  expect(left.report.errors).toEqual([{ code: 'ERR_NOT_COLLECTED', count: 12 }]);
  expect(simulator.stats()).toMatchObject({ created: 12, downloads: 0 });
  // A crash may tear the last line of the file off.
  await appendFile(join(folder(), 'detached.jsonl'), '{"index":12,"pro');
  const { totals } = await lastValueFrom(runCollect(settings));
  expect(totals).toMatchObject({ total: 12, saved: 12 });
  expect(simulator.stats()).toMatchObject({ created: 12, downloads: 12 });
  expect((await readdir(folder())).filter((name) => name.endsWith('--thumb.webp'))).toHaveLength(12);
  const again = await lastValueFrom(runCollect(settings));
  expect(again.totals).toMatchObject({ saved: 0, alreadySaved: 12 });
});

it('makes only the jobs again that the platform has failed meanwhile', async () => {
  const settings = await start({
    faults: { onOutcome: ({ serial }) => (serial === 3 ? 'Prediction interrupted (code: PA)' : null) },
  });
  await detach(settings);
  const { totals } = await lastValueFrom(runCollect({ ...settings, random: () => 0 }));
  expect(totals.saved).toBe(12);
  expect(simulator.stats().created).toBe(13);
});

it('creates nothing that the detached run has not: neither skipped nor stopped jobs', async () => {
  const settings = await start();
  await lastValueFrom(runToFolder(plans, { ...settings, detach: true, budgetMicroUsd: 125_000 }));
  const { created } = simulator.stats();
  expect(created).toBe(5);
  const { totals } = await lastValueFrom(runCollect(settings));
  expect([totals.saved, simulator.stats().created]).toEqual([5, 5]);
  const stop = timer(0);
  await lastValueFrom(runToFolder(plans, { ...settings, detach: true, stop, concurrency: 1 }));
  const more = simulator.stats().created;
  await lastValueFrom(runCollect(settings));
  expect(simulator.stats().created).toBe(more);
});

it('creates nothing twice if the same detached run is started again', async () => {
  const settings = await start();
  await detach(settings);
  await detach(settings);
  expect(simulator.stats().created).toBe(12);
  const { totals } = await lastValueFrom(runToFolder(plans, settings));
  expect(totals.saved).toBe(12);
  expect(simulator.stats().created).toBe(12);
});

it('reports that the folder has no detached predictions', async () => {
  const settings = await start();
  await expect(lastValueFrom(runCollect(settings))).rejects.toThrow('has no detached predictions to collect');
});

it('reports that another run is using the folder, which has none yet', async () => {
  const settings = await start();
  await writeFile(join(folder(), 'run.lock'), leaseText(thisProcess('here'), 0));
  await expect(lastValueFrom(runCollect(settings))).rejects.toThrow('is in use by another run');
});
