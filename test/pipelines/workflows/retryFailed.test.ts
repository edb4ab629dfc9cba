import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defer, filter, lastValueFrom, retry, Subject, takeUntil, tap } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { runRetry } from '../../../src/pipelines/workflows/retryFailed.ts';
import type { Provider } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../../src/simulator/index.ts';
import type { Outcome, Plan } from '../../../src/types.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const thumb = { name: 'thumb', widthPx: 8, heightPx: 8, fit: 'cover', format: 'webp', quality: 80 } as const;
const plans = (): Plan[] =>
  Array.from({ length: 10 }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index }, renditions: [thumb] }),
  );

async function start(config: SimulatorConfig = {}): Promise<RunSettings> {
  simulator = await startSimulator({ render: 'fast', speed: 50, coldStarts: false, ...config });
  const provider = createReplicateProvider(simulator);
  return { folder: folder(), provider, ratePerMinute: 1_000_000, gallery: false, random: () => 0 };
}
const run = (settings: RunSettings) => lastValueFrom(runToFolder(plans, settings));
const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8')).outcomes;

/** Fails the predictions of some jobs, as often as that. */
function failing(error: string, indexes: readonly number[], times = 1): SimulatorConfig {
  const failures = new Map<number, number>();
  return {
    faults: {
      onOutcome: ({ input }) => {
        const index = Number(/pear (\d+)/.exec(String(input.prompt))?.[1]);
        const count = failures.get(index) ?? 0;
        failures.set(index, count + 1);
        return indexes.includes(index) && count < times ? error : null;
      },
    },
  };
}

describe('retryFailed', () => {
  it('makes failed jobs, from the folder alone, and leaves a whole manifest in input order', async () => {
    const settings = await start(failing('CUDA error', [2, 7]));
    expect((await run(settings)).totals).toMatchObject({ saved: 8, failed: 2 });
    const { totals } = await lastValueFrom(runRetry(settings));
    expect(totals).toMatchObject({ total: 2, saved: 2, failed: 0 });
    expect((await outcomes()).map(({ index, status }) => `${index} ${status}`)).toEqual(
      plans().map(({ index }) => `${index} saved`),
    );
    expect((await readdir(folder())).filter((name) => name.endsWith('--thumb.webp'))).toHaveLength(10);
    expect(simulator.stats().created).toBe(12);
    // Nothing is left to do.
    const again = await lastValueFrom(runRetry(settings));
    expect(again.totals).toMatchObject({ total: 2, saved: 0, alreadySaved: 2 });
    expect(simulator.stats().created).toBe(12);
  });

  it('leaves the jobs in flight of a killed run to its command, and reports it', async () => {
    const settings = await start(failing('CUDA error', [0]));
    await run({ ...settings, only: (index) => index === 0 });
    const killed = new Subject<void>();
    const provider = {
      ...settings.provider,
      createPrediction: (...request: Parameters<Provider['createPrediction']>) =>
        settings.provider.createPrediction(...request).pipe(
          tap(() => killed.next()),
          filter(() => false),
        ),
    };
    const only = (index: number) => index === 3;
    await lastValueFrom(runToFolder(plans, { ...settings, provider, only }).pipe(takeUntil(killed)), {
      defaultValue: null,
    });
    const warnings: string[] = [];
    const emit = (event: RunEvent) => event.type === 'warning' && warnings.push(event.message);
    // The killed run is still closing the folder.
    const retried = defer(() => runRetry({ ...settings, emit })).pipe(retry({ count: 50, delay: 20 }));
    const { totals, report } = await lastValueFrom(retried);
    expect(totals).toMatchObject({ total: 1, saved: 1, costUsd: 0.025 });
    expect(report).not.toHaveProperty('surplus');
    expect(warnings).toEqual([
      expect.stringMatching(/^1 other job of this folder is unfinished/),
      '8 jobs of this folder were never started: run its command again to make them.',
    ]);
    expect((await run(settings)).totals.failed).toBe(0);
    expect(simulator.stats().created).toBe(11);
  });

  it('names the command of predictions that were left to the service', async () => {
    const settings = await start();
    await run({ ...settings, detach: true, only: (index) => index < 2 });
    const warnings: string[] = [];
    const emit = (event: RunEvent) => event.type === 'warning' && warnings.push(event.message);
    const { totals } = await lastValueFrom(runRetry({ ...settings, emit }));
    expect(totals.total).toBe(0);
    expect(warnings).toEqual([
      expect.stringMatching(/^2 other jobs of this folder are left to the service: `rxposure collect`/),
      '8 jobs of this folder were never started: run its command again to make them.',
    ]);
  });

  it('makes only those that are chosen', async () => {
    const settings = await start(failing('CUDA error', [2, 7]));
    await run(settings);
    const { totals } = await lastValueFrom(runRetry({ ...settings, only: (index) => index === 7 }));
    expect(totals).toMatchObject({ total: 2, saved: 1 });
    expect(
      (await outcomes()).map(({ status }) => status).filter((status) => status === 'failed'),
    ).toHaveLength(1);
    expect((await outcomes())[7]).toMatchObject({ status: 'saved' });
  });

  it('reports it again if it fails again', async () => {
    const settings = await start(failing('CUDA error', [2], 3));
    await run(settings);
    expect((await lastValueFrom(runRetry(settings))).totals).toMatchObject({ saved: 0, failed: 1 });
    expect((await outcomes())[2]).toMatchObject({ status: 'failed', attempts: 2 });
    await lastValueFrom(runRetry(settings));
    expect((await lastValueFrom(runRetry(settings))).totals).toMatchObject({ saved: 1 });
  });

  it('has nothing to do if nothing failed, and refuses a folder that is not a run folder', async () => {
    const settings = await start();
    await expect(lastValueFrom(runRetry(settings))).rejects.toThrow(
      'is not the folder of an earlier run: it has no run.sqlite',
    );
    await run(settings);
    expect((await lastValueFrom(runRetry(settings))).totals).toMatchObject({ total: 0 });
  });
});

it('makes only the chosen jobs of a batch, then the rest', async () => {
  const settings = await start();
  const only = (index: number) => index === 1 || index >= 8;
  const first = await run({ ...settings, only });
  expect(first.totals).toMatchObject({ total: 10, saved: 3, skipped: 7 });
  expect((await outcomes())[0]?.error?.code).toBe('ERR_NOT_CHOSEN');
  expect((await run(settings)).totals).toMatchObject({ saved: 7, alreadySaved: 3 });
  expect(simulator.stats().created).toBe(10);
});

describe('a model that fails', () => {
  const all = plans().map(({ index }) => index);

  it('is left alone after so many failures in a row; its jobs fail at no cost', async () => {
    const settings = await start(failing('CUDA error', all, 100));
    const { totals, report } = await run({ ...settings, concurrency: 1, breakerFailures: 3 });
    expect(totals).toMatchObject({ saved: 0, failed: 10 });
    expect(simulator.stats().created).toBe(3);
    expect(report.errors).toEqual([
      { code: 'ERR_CIRCUIT_OPEN', count: 7 },
      { code: 'ERR_PREDICTION_FAILED', count: 3 },
    ]);
  });

  it('is tried again by a recovery round, even if it was paused a moment ago', async () => {
    const settings = await start(failing('CUDA error', [0, 1, 2]));
    const rounds = { recoveryRounds: 1, recoveryDelayMs: 1 };
    const { totals } = await run({ ...settings, ...rounds, concurrency: 1, breakerFailures: 3 });
    expect(totals).toMatchObject({ saved: 7, failed: 3 });
    expect(simulator.stats().created).toBe(10);
  });

  it('leaves its jobs to the fallback', async () => {
    const settings = await start({
      faults: { onOutcome: ({ model: { name } }) => (name === model ? 'CUDA error' : null) },
    });
    const other = 'black-forest-labs/flux-schnell';
    const { totals } = await run({
      ...settings,
      concurrency: 1,
      breakerFailures: 2,
      fallbacksOf: ({ input }) => [{ model: other, version: null, input, priceMicroUsd: 3 }],
    });
    expect(totals).toMatchObject({ saved: 10 });
    expect(simulator.stats().created).toBe(12);
    expect((await outcomes()).map(({ model: name, fallbackLevel }) => `${name} ${fallbackLevel}`)).toEqual(
      Array(10).fill(`${other} 1`),
    );
    expect((await outcomes())[0]?.modelsTried).toEqual([model, other]);
  });

  it('gets another seed after a refusal, and only then', async () => {
    const refusing = failing('NSFW content detected', [4]);
    const settings = await start(refusing);
    const reseeded = ({ input }: Plan) => [
      { model, version: null, input: { ...input, seed: 99 }, priceMicroUsd: 3, onlyAfterRefusal: true },
    ];
    expect((await run({ ...settings, fallbacksOf: reseeded })).totals).toMatchObject({ saved: 10 });
    expect((await outcomes())[4]).toMatchObject({ input: { seed: 99 }, fallbackLevel: 1 });
    expect((await outcomes())[5]).not.toHaveProperty('fallbackLevel');
    // Another seed is no other model.
    expect((await outcomes())[4]).not.toHaveProperty('modelsTried');
    await simulator.close();
    const broken = await start(failing('CUDA error', [4]));
    const elsewhere = { ...broken, folder: join(folder(), 'other'), fallbacksOf: reseeded };
    expect((await run(elsewhere)).totals).toMatchObject({ saved: 9, failed: 1 });
  });
});

describe('a prediction whose time is up', () => {
  const slow = { medianMs: 20_000, speed: 50, coldStarts: false };

  it('is left to the service if asked to, and fetched by the next run', async () => {
    const settings = await start(slow);
    const actions: string[] = [];
    const { totals } = await run({
      ...settings,
      waitMs: 0,
      timeoutMs: 60,
      timeoutAction: 'leave',
      onTimeout: ({ plan, predictionId, action }) => {
        actions.push(`${plan.index} ${predictionId} ${action}`);
        throw new Error('a listener harms nothing');
      },
    });
    expect(totals).toMatchObject({ saved: 0, failed: 10 });
    const left = await outcomes();
    expect(actions.toSorted()).toEqual(
      left.map(({ index, predictionId }) => `${index} ${predictionId} leave`),
    );
    expect(left[0]?.error).toMatchObject({ code: 'ERR_PREDICTION_TIMEOUT', recoverable: true });
    expect(simulator.stats()).toMatchObject({ created: 10, canceled: 0 });
    const { totals: later } = await lastValueFrom(runRetry(settings));
    expect(later).toMatchObject({ saved: 10 });
    expect(simulator.stats().created).toBe(10);
  });

  it('is given its time again by a recovery round', async () => {
    const settings = await start({ ...slow, sigma: 0 });
    // More than one round, as a busy machine may see an end late; no round would help if the time
    // counted from the create request.
    const wishes = { timeoutAction: 'leave', recoveryRounds: 3, recoveryDelayMs: 1 } as const;
    const { totals } = await run({ ...settings, ...wishes, waitMs: 0, timeoutMs: 300 });
    expect(totals).toMatchObject({ saved: 10 });
    expect(simulator.stats()).toMatchObject({ created: 10, canceled: 0 });
  });

  it('is cancelled by default', async () => {
    const settings = await start(slow);
    await run({ ...settings, waitMs: 0, timeoutMs: 60, maxAttempts: 1 });
    expect((await outcomes())[0]?.error?.message).toContain('was cancelled');
    expect(simulator.stats().canceled).toBeGreaterThan(0);
  });
});
