import { apiServer } from './api/apiServer.ts';
import { predictionJson } from './api/predictionRoutes.ts';
import { readSettings, type SimulatorConfig } from './engine/config.ts';
import { createCounters, type SimulatorStats } from './engine/counters.ts';
import { createPredictions } from './engine/predictions.ts';
import type { SimulatedPrediction, WebhookEvent } from './engine/simulatedPrediction.ts';
import { createUploads } from './engine/uploads.ts';
import { createWebhooks, replicateWebhooks } from './engine/webhooks.ts';
import { dataUrls, fileServer, outputNames, writeAnswer } from './fileServer.ts';
import { createPictures } from './pictures/pictures.ts';

/** A running simulator. */
export interface Simulator {
  /** Base URL of the API: `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** Base URL of the file host: `http://127.0.0.1:PORT`. */
  readonly filesUrl: string;
  readonly token: string;
  /** Returns all counts so far. */
  stats(): SimulatorStats;
  /** Closes all connections and ends all predictions; both ports are free when it resolves. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Starts a local server that behaves like Replicate's HTTP API, and a second one for its output
 * files. Predictions cost nothing, take their model's run time divided by `speed`, and draw images
 * of their prompts. Only two things reach other machines: webhooks, if you order them there, and
 * downloads of input images from URLs of other hosts.
 *
 * Rejects with a RangeError for a wrong config, or with the system's error if a port is in use.
 */
export async function startSimulator(config: SimulatorConfig = {}): Promise<Simulator> {
  const settings = readSettings(config);
  const counters = createCounters();
  const uploads = createUploads();
  let filesUrl = '';
  let baseUrl = '';
  const pictures = createPictures({ render: settings.render, uploads });
  const fileUrls = (prediction: SimulatedPrediction) =>
    outputNames(prediction).map((name) => `${filesUrl}/xezq/${prediction.id}/${name}`);
  const outputsOf = async (prediction: SimulatedPrediction) => {
    if (prediction.model.output === 'text') return writeAnswer(prediction, uploads);
    return settings.outputs === 'data' ? dataUrls(prediction, pictures) : fileUrls(prediction);
  };
  const bodyOf = (prediction: SimulatedPrediction, event: WebhookEvent) =>
    predictionJson(prediction, { settings, apiUrl: baseUrl, isAheadOfStatus: event === 'output' });
  const webhooks = createWebhooks({ settings, counters, policy: replicateWebhooks, bodyOf });
  const predictions = createPredictions({ settings, counters, outputsOf, notify: webhooks.notify });
  const files = fileServer({ settings, predictions, pictures, counters });
  const api = await apiServer({ settings, predictions, uploads, counters });
  const close = async () => {
    predictions.close();
    webhooks.close();
    await Promise.all([api.close(), files.close()]);
  };
  try {
    filesUrl = await files.listen({ host: HOST, port: settings.filesPort });
    baseUrl = `${await api.listen({ host: HOST, port: settings.port })}/v1`;
    return {
      baseUrl,
      filesUrl,
      token: settings.token,
      stats: () => counters.snapshot(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
