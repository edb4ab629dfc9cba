import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { hideSecrets, SECRET } from '../../src/base/secretInputs.ts';
import type { RunSettings } from '../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../src/pipelines/runToFolder.ts';
import { runCollect } from '../../src/pipelines/workflows/collect.ts';
import { runRetry } from '../../src/pipelines/workflows/retryFailed.ts';
import type { Provider, ProviderAnswers } from '../../src/ports.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../src/simulator/index.ts';
import { openWebDataset } from '../../src/sinks/destinations/webDataset.ts';
import { requestKey } from '../../src/sources/planning/requestKey.ts';
import type {
  CreateOptions,
  Model,
  ModelSchema,
  Plan,
  Prediction,
  PredictionPage,
  PredictionRequest,
} from '../../src/types.ts';
import { aPlan } from '../helpers/runOf.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const schema: ModelSchema = {
  properties: { prompt: { type: 'string' }, api_key: { type: 'string', isSecret: true } },
  required: ['prompt'],
};
const plansWith = (secret: string) => (): Plan[] =>
  Array.from({ length: 4 }, (_, index) => {
    const { input, ...secrets } = hideSecrets(
      { prompt: `a plum ${index}`, seed: index, api_key: secret },
      schema,
    );
    const key = requestKey({ model, version: null, input });
    return { ...aPlan(index, { model, input }), key, ...secrets };
  });
const OLD = 'sk-plum-1f9e4c7a';
const NEW = 'sk-plum-77d0b3e2';

let events: string[] = [];
async function start(config: SimulatorConfig = {}): Promise<RunSettings> {
  events = [];
  simulator = await startSimulator({ render: 'fast', speed: 50, coldStarts: false, ...config });
  return {
    folder: folder(),
    provider: createReplicateProvider(simulator),
    ratePerMinute: 1_000_000,
    tables: ['csv', 'parquet'],
    destinations: [(at) => openWebDataset(at)],
    random: () => 0,
    emit: (event) => events.push(JSON.stringify(event)),
  };
}
const run = (secret: string, settings: RunSettings) =>
  lastValueFrom(runToFolder(plansWith(secret), settings));

/** Returns the files of the run folder, and `events`, that have a text. */
async function placesOf(text: string): Promise<string[]> {
  const entries = await readdir(folder(), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const found: string[] = [];
  for (const path of paths) if ((await readFile(path)).includes(text)) found.push(path);
  return events.some((event) => event.includes(text)) ? [...found, 'events'] : found;
}

describe('a secret input', () => {
  it('is sent, and shown nowhere, also if the service quotes it in an error', async () => {
    const sent = new Set<unknown>();
    const settings = await start({
      faults: {
        onOutcome: ({ input }) => {
          sent.add(input.api_key);
          return input.seed === 2 ? `refused the key ${String(input.api_key)}` : null;
        },
      },
    });
    const { totals } = await run(OLD, settings);
    expect(totals).toMatchObject({ saved: 3, failed: 1 });
    expect([...sent]).toEqual([OLD]);
    expect(await placesOf(OLD)).toEqual([]);
    expect((await placesOf(SECRET)).length).toBeGreaterThan(5);
    const { outcomes } = JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'));
    expect(outcomes[2].error.message).toContain(`refused the key ${SECRET}`);
  });

  it('may change between runs: nothing is made again', async () => {
    const settings = await start();
    await run(OLD, settings);
    expect((await run(NEW, settings)).totals).toMatchObject({ alreadySaved: 4, saved: 0 });
    expect(simulator.stats().created).toBe(4);
  });

  it('must be given again to retry jobs from their folder alone', async () => {
    const sent: unknown[] = [];
    const settings = await start({
      faults: {
        onOutcome: ({ input }) => {
          sent.push(input.api_key);
          return input.api_key === OLD && input.seed === 1 ? 'out of credit' : null;
        },
      },
    });
    await run(OLD, settings);
    const made = sent.length;
    const asked = lastValueFrom(runRetry(settings));
    await expect(asked).rejects.toThrow('The value of `api_key` is secret');
    await expect(asked).rejects.toMatchObject({
      suggestion: expect.stringContaining('--input api_key=VALUE'),
    });
    expect(sent).toHaveLength(made);
    const other = runRetry({ ...settings, secretInputs: { api_key: NEW, steps: '4' } });
    await expect(lastValueFrom(other)).rejects.toThrow('got `steps`');
    const { totals } = await lastValueFrom(runRetry({ ...settings, secretInputs: { api_key: NEW } }));
    expect(totals).toMatchObject({ saved: 1, failed: 0 });
    expect(sent.slice(made)).toEqual([NEW]);
    expect([...(await placesOf(OLD)), ...(await placesOf(NEW))]).toEqual([]);
  });

  it('is not needed to collect the images of a detached run', async () => {
    const settings = { ...(await start()), destinations: [] };
    await run(OLD, { ...settings, detach: true });
    expect((await lastValueFrom(runCollect(settings))).totals).toMatchObject({ saved: 4 });
    expect(simulator.stats().created).toBe(4);
    expect(await placesOf(OLD)).toEqual([]);
  });

  it.each(['[REDACTED]', OLD, SECRET])(
    'does not keep a lost create request from being found, shown as %s',
    async (shown) => {
      const settings = await start({
        faults: {
          afterCreate: ({ input }) => (input.seed === 1 ? { type: 'reset' } : null),
          echo: ({ input }) => ({ ...input, api_key: shown }),
        },
      });
      expect((await run(OLD, settings)).totals).toMatchObject({ saved: 4 });
      expect(simulator.stats().created).toBe(4);
      expect(await placesOf(OLD)).toEqual([]);
    },
  );
});

/** A provider whose methods are those of a class, and need its private field. */
class OwnProvider implements Provider {
  readonly #inner: Provider;
  constructor(inner: Provider) {
    this.#inner = inner;
  }
  get answers(): ProviderAnswers {
    return this.#inner.answers;
  }
  get isLocal(): boolean {
    return this.#inner.isLocal ?? false;
  }
  get isPlain(): boolean {
    return this.#inner.isPlain ?? false;
  }
  identify(): Observable<string> {
    return this.#inner.identify?.() ?? of('own');
  }
  createPrediction(request: PredictionRequest, options: CreateOptions): Observable<Prediction> {
    return this.#inner.createPrediction(request, options);
  }
  getPrediction(id: string): Observable<Prediction> {
    return this.#inner.getPrediction(id);
  }
  listPredictions(query: Parameters<Provider['listPredictions']>[0]): Observable<PredictionPage> {
    return this.#inner.listPredictions(query);
  }
  cancelPrediction(id: string): Observable<Prediction> {
    return this.#inner.cancelPrediction(id);
  }
  getModel(name: string, version?: string | null): Observable<Model> {
    return this.#inner.getModel(name, version);
  }
}

it('sends the secrets of a plan by a provider that is the instance of a class', async () => {
  const settings = await start();
  const { totals } = await run(NEW, { ...settings, provider: new OwnProvider(settings.provider) });
  expect(totals).toMatchObject({ saved: 4, failed: 0 });
  expect(await placesOf(NEW)).toEqual([]);
});
