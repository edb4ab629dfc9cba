import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { renderSaved } from '../../../src/pipelines/workflows/renderSaved.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import type { Outcome, RenditionSpec } from '../../../src/types.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const thumb: RenditionSpec = {
  ...({ name: 'thumb', widthPx: 8, heightPx: 8, fit: 'cover' } as const),
  ...({ format: 'webp', quality: 80 } as const),
};
const square: RenditionSpec = { ...thumb, name: 'square', widthPx: 16, heightPx: 16, format: 'jpeg' };

const plans = () =>
  Array.from({ length: 5 }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index }, renditions: [thumb] }),
  );

/** Runs five jobs, of which the third fails; then the service is gone. */
async function aFolder(): Promise<Omit<RunSettings, 'provider'> & Pick<RunSettings, 'provider'>> {
  const fails = (prompt: unknown) => (String(prompt).endsWith(' 2') ? 'CUDA error' : null);
  simulator = await startSimulator({
    ...({ render: 'fast', speed: 50, coldStarts: false } as const),
    faults: { onOutcome: ({ input }) => fails(input.prompt) },
  });
  const settings = {
    ...{ folder: folder(), provider: createReplicateProvider({ ...simulator, service: 'simulator' }) },
    ...{ ratePerMinute: 1_000_000, gallery: false, maxAttempts: 1, random: () => 0 },
  };
  await lastValueFrom(runToFolder(plans, settings));
  await simulator.close();
  return settings;
}

const manifest = async (): Promise<{ outcomes: Outcome[] }> =>
  JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'));
const files = async (end: string) => (await readdir(folder())).filter((name) => name.endsWith(end)).sort();

it('makes renditions of saved images, without the service', async () => {
  const settings = await aFolder();
  const report = JSON.parse(await readFile(join(folder(), 'report.json'), 'utf8'));
  const { totals } = await lastValueFrom(renderSaved({ ...settings, renditions: [square] }));
  expect(totals).toMatchObject({ total: 4, saved: 4, failed: 0, alreadySaved: 0, costUsd: 0 });
  expect(await files('--square.jpg')).toHaveLength(4);
  expect(await files('--thumb.webp')).toHaveLength(4);
  const { outcomes } = await manifest();
  expect(outcomes.map(({ status }) => status)).toEqual(['saved', 'saved', 'failed', 'saved', 'saved']);
  expect(outcomes[0]?.files.map(({ name }) => name)).toEqual(['original', 'thumb', 'square']);
  const after = JSON.parse(await readFile(join(folder(), 'report.json'), 'utf8'));
  expect(after.costUsd).toBe(report.costUsd);
});

it('makes none twice, and replaces one whose settings have changed', async () => {
  const settings = await aFolder();
  const render = (renditions: readonly RenditionSpec[]) =>
    lastValueFrom(renderSaved({ ...settings, renditions }));
  expect((await render([thumb])).totals).toMatchObject({ total: 4, saved: 0, alreadySaved: 4 });
  expect((await render([{ ...thumb, format: 'png' }])).totals).toMatchObject({ saved: 4 });
  expect(await files('--thumb.webp')).toEqual([]);
  expect(await files('--thumb.png')).toHaveLength(4);
});

it('renders only chosen images, and fails those whose original is gone', async () => {
  const settings = await aFolder();
  const { outcomes } = await manifest();
  await rm(join(folder(), outcomes[1]?.files[0]?.path ?? ''));
  const events: RunEvent[] = [];
  const { totals } = await lastValueFrom(
    renderSaved({
      ...settings,
      renditions: [square],
      only: (index) => index < 2,
      emit: (event) => events.push(event),
    }),
  );
  expect(totals).toMatchObject({ total: 2, saved: 1, failed: 1, alreadySaved: 0, costUsd: 0 });
  expect(await files('--square.jpg')).toHaveLength(1);
  const [failed] = events.flatMap((event) => (event.type === 'job.failed' ? [event.outcome] : []));
  expect(failed).toMatchObject({
    index: 1,
    error: {
      code: 'ERR_RENDER_FAILED',
      message: expect.stringContaining('is no longer in the folder'),
      suggestion: expect.stringContaining('run the command that the folder belongs to'),
    },
  });
  expect((await manifest()).outcomes[1]?.status).toBe('saved');
});

it('refuses a folder without a saved image', async () => {
  const settings = await aFolder();
  const none = renderSaved({ ...settings, renditions: [square], only: (index) => index === 2 });
  await expect(lastValueFrom(none)).rejects.toThrow('has no saved image to make renditions of');
});
