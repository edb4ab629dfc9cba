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

export interface Simulator {
  /** Of the API: `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** Of the file host: `http://127.0.0.1:PORT`. */
  readonly filesUrl: string;
  readonly token: string;
  stats(): SimulatorStats;
  /** Ends all connections and predictions; both ports are free when it resolves. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Starts a server on this machine that behaves as Replicate's HTTP API does, and one for its output files. Nothing leaves
 * the machine, but webhooks where a create asks for them at another, and nothing is paid; predictions take their time divided by `speed`, and make pictures of their prompts.
 *
 * Throws a RangeError for a wrong config; rejects with the system's error where a port is taken.
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
  const webhooks = createWebhooks({ settings, counters, manners: replicateWebhooks, bodyOf });
  const predictions = createPredictions({ settings, counters, outputsOf, tell: webhooks.tell });
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
