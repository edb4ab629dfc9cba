import { readSettings, type SimulatorConfig } from '../engine/config.ts';
import { createCounters, type SimulatorStats } from '../engine/counters.ts';
import { createPredictions } from '../engine/predictions.ts';
import { createUploads } from '../engine/uploads.ts';
import { cogWebhooks, createWebhooks } from '../engine/webhooks.ts';
import { dataUrls, writeAnswer } from '../fileServer.ts';
import { findModel } from '../models/models.ts';
import { createPictures } from '../pictures/pictures.ts';
import { cogJson, cogServer } from './cogServer.ts';

export interface CogSimulatorConfig
  extends Pick<
    SimulatorConfig,
    'port' | 'seed' | 'speed' | 'slots' | 'render' | 'medianMs' | 'sigma' | 'faults'
  > {
  /** The model in the container, by a name of the simulator's. Default `black-forest-labs/flux-schnell`. */
  model?: string;
  /** How long the model is being set up, in its own time: until then nothing is run. Default 0. */
  setupMs?: number;
}

export interface CogSimulator {
  /** `http://127.0.0.1:PORT`. */
  readonly baseUrl: string;
  stats(): SimulatorStats;
  close(): Promise<void>;
}

/**
 * Starts a server on this machine that behaves as a container built by Cog does: one model, no account, no list, outputs as
 * `data:` URLs. It runs one prediction at a time unless told otherwise, and refuses more with 409.
 *
 * Throws a RangeError for a wrong config; rejects with the system's error where the port is taken.
 */
export async function startCogSimulator(config: CogSimulatorConfig = {}): Promise<CogSimulator> {
  const { model: name = 'black-forest-labs/flux-schnell', setupMs = 0, slots = 1, ...rest } = config;
  const model = findModel.named(name);
  if (model === null) throw new RangeError(`Expected \`model\` to be one of the simulator's, got ${name}`);
  const settings = readSettings({ ...rest, slots, coldStarts: false, outputs: 'data' });
  const counters = createCounters();
  const uploads = createUploads();
  const pictures = createPictures({ render: settings.render, uploads });
  const webhooks = createWebhooks({
    settings,
    counters,
    manners: cogWebhooks,
    bodyOf: (prediction, event) =>
      cogJson(prediction, { speed: settings.speed, isAheadOfStatus: event === 'output' }),
  });
  const predictions = createPredictions({
    settings,
    counters,
    outputsOf: (prediction) =>
      model.output === 'text' ? writeAnswer(prediction, uploads) : dataUrls(prediction, pictures),
    tell: webhooks.tell,
  });
  const readyAtMs = Date.now() + setupMs / settings.speed;
  const server = cogServer({
    model,
    settings,
    predictions,
    counters,
    isReady: () => Date.now() >= readyAtMs,
  });
  const baseUrl = await server.listen({ host: '127.0.0.1', port: settings.port });
  return {
    baseUrl,
    stats: () => counters.snapshot(),
    async close() {
      predictions.close();
      webhooks.close();
      await server.close();
    },
  };
}
