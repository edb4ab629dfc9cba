import { readSettings, type SimulatorConfig } from '../engine/config.ts';
import { createCounters, type SimulatorStats } from '../engine/counters.ts';
import { createPredictions } from '../engine/predictions.ts';
import { createUploads } from '../engine/uploads.ts';
import { cogWebhooks, createWebhooks } from '../engine/webhooks.ts';
import { dataUrls, writeAnswer } from '../fileServer.ts';
import { findModel } from '../models/models.ts';
import { createPictures } from '../pictures/pictures.ts';
import { cogJson, cogServer } from './cogServer.ts';

/** The model of a Cog simulator and its behaviour. */
export interface CogSimulatorConfig
  extends Pick<
    SimulatorConfig,
    'port' | 'seed' | 'speed' | 'slots' | 'render' | 'medianMs' | 'sigma' | 'faults'
  > {
  /**
   * The model in the container: one of the simulator's, as `owner/name`.
   * Default `black-forest-labs/flux-schnell`.
   */
  model?: string;
  /**
   * Setup time of the model in ms of its own time; predictions are refused until it is over.
   * Default 0.
   */
  setupMs?: number;
}

/** A running Cog simulator. */
export interface CogSimulator {
  /** `http://127.0.0.1:PORT`. */
  readonly baseUrl: string;
  /** Returns all counts so far. */
  stats(): SimulatorStats;
  /** Closes all connections and ends all predictions; the port is free when it resolves. */
  close(): Promise<void>;
}

/**
 * Starts a local server that behaves like a container built by Cog: one model, no account, no list,
 * outputs as `data:` URLs. It runs `slots` predictions at a time, 1 by default, and refuses more
 * with 409.
 *
 * Rejects with a RangeError for a wrong config, or with the system's error if the port is in use.
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
    policy: cogWebhooks,
    bodyOf: (prediction, event) =>
      cogJson(prediction, { speed: settings.speed, isAheadOfStatus: event === 'output' }),
  });
  const predictions = createPredictions({
    settings,
    counters,
    outputsOf: (prediction) =>
      model.output === 'text' ? writeAnswer(prediction, uploads) : dataUrls(prediction, pictures),
    notify: webhooks.notify,
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
