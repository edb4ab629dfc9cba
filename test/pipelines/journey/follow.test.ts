import { concatMap, firstValueFrom, lastValueFrom, switchMap } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { createWebhookReceiver } from '../../../src/providers/replicate/webhookReceiver.ts';
import { fetchWebhookSecret } from '../../../src/providers/replicate/webhookSecret.ts';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../../src/simulator/index.ts';
import { hurried } from '../../helpers/hurried.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const plans = (count: number) => () =>
  Array.from({ length: count }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index } }),
  );

async function start(config: SimulatorConfig = {}): Promise<RunSettings> {
  simulator = await startSimulator({
    render: 'fast',
    speed: 20,
    coldStarts: false,
    createPerMinute: 1_000_000,
    ...config,
  });
  const provider = createReplicateProvider(simulator);
  return { folder: folder(), provider, ratePerMinute: 1_000_000, concurrency: 20 };
}

it('by the list: few questions for many predictions', async () => {
  const settings = await start();
  const { totals } = await lastValueFrom(runToFolder(plans(40), { ...settings, waitMs: 0 }));
  expect(totals.saved).toBe(40);
  const { created, requests } = simulator.stats();
  expect(created).toBe(40);
  expect(requests.list + requests.get).toBeLessThan(20);
});

it.each([
  ['all of them come', () => null],
  ['a part is lost, late or sent twice', faulty],
])('by webhooks, if %s', async (_what, onWebhook) => {
  const settings = await start({ faults: { onWebhook: ({ serial }) => onWebhook(serial) } });
  const run = fetchWebhookSecret(simulator).pipe(
    concatMap((secret) => createWebhookReceiver({ secret })),
    switchMap((webhooks) => runToFolder(plans(30), { ...settings, webhooks, scheduler: hurried(10) })),
  );
  const { totals } = await firstValueFrom(run);
  expect(totals.saved).toBe(30);
  const { created, requests } = simulator.stats();
  expect(created).toBe(30);
  expect(requests.list + requests.get).toBeLessThan(6);
});

function faulty(serial: number) {
  if (serial % 5 === 0) return { type: 'drop' } as const;
  if (serial % 5 === 1) return { type: 'repeat' } as const;
  return serial % 5 === 2 ? ({ type: 'delay', delayMs: 50 } as const) : null;
}

it('longer than the longest wait of a create request: neither lost nor doubled', async () => {
  const settings = await start({ speed: 200, medianMs: 90_000, sigma: 0.5 });
  const { totals } = await lastValueFrom(runToFolder(plans(20), settings));
  expect(totals.saved).toBe(20);
  const { created, succeeded, requests } = simulator.stats();
  expect([created, succeeded]).toEqual([20, 20]);
  expect(requests.list + requests.get).toBeGreaterThan(0);
});
