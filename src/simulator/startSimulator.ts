import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { apiServer } from './apiServer.ts';
import { createPictures } from './createPictures.ts';
import { createPredictions } from './createPredictions.ts';
import { createUploadedFiles } from './createUploadedFiles.ts';
import { fileServer } from './fileServer.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';
import type { SimulatorFaults } from './SimulatorFaults.ts';
import type { RequestKind, SimulatorStats } from './SimulatorStats.ts';

export interface SimulatorConfig {
  /** Port of the API on 127.0.0.1. Default: any free one. */
  port?: number;
  /** Port of the file host. Default: any free one. */
  filesPort?: number;
  /** The only token that is let in. Default `r8_simulator0000000000000000000000000000`. */
  token?: string;
  /** Every random choice follows from it. Default 1. */
  seed?: number;
  /** Divides all durations, multiplies all rate limits. Default 1. */
  speed?: number;
  /** Predictions that run at the same time; the others wait as `starting`. Default 64. */
  slots?: number;
  /** `full` draws a picture of each prompt; `fast` serves ready bytes, for load tests. Default `full`. */
  render?: 'full' | 'fast';
  /** Median run time of all models in ms. Default: each model's own. */
  medianMs?: number;
  /** Spread of the logarithm of run times; 0 makes them all equal. Default 0.25. */
  sigma?: number;
  /** Creates a minute that are let through. Default 600. */
  createPerMinute?: number;
  /** Creates that are let through at once. Default 600. */
  createBurst?: number;
  /** Credit in US dollars: below 5 creates are limited to 6 a minute, at 0 they are refused. Default: endless. */
  creditUsd?: number;
  /** Time after which inputs and outputs are deleted. Default one hour. */
  outputLifetimeMs?: number;
  /** Part of the waited answers that come with their output but still say `processing`, 0…1. Default 0.25. */
  earlyOutputRate?: number;
  /** What goes wrong. Default: nothing. */
  faults?: SimulatorFaults;
}

export interface Simulator {
  /** Of the API: `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** Of the file host. */
  readonly filesUrl: string;
  readonly token: string;
  stats(): SimulatorStats;
  close(): Promise<void>;
}

const TOKEN = 'r8_simulator0000000000000000000000000000';
const HOUR_MS = 3_600_000;

/** Starts a server on this machine that behaves as Replicate's HTTP API does, and one for its output files. */
export async function startSimulator(config: SimulatorConfig = {}): Promise<Simulator> {
  const { port = 0, filesPort = 0, token = TOKEN, seed = 1, speed = 1, slots = 64, render = 'full' } = config;
  const {
    medianMs,
    sigma = 0.25,
    createPerMinute = 600,
    createBurst = 600,
    creditUsd = Number.POSITIVE_INFINITY,
  } = config;
  const { outputLifetimeMs = HOUR_MS, earlyOutputRate = 0.25, faults = {} } = config;
  const requests: Record<RequestKind, number> = {
    create: 0,
    get: 0,
    list: 0,
    cancel: 0,
    model: 0,
    file: 0,
    other: 0,
  };
  const seen = { throttled: 0, downloads: 0, tokensAtFileHost: 0 };
  let filesUrl = '';

  const predictions = createPredictions({
    seed,
    speed,
    slots,
    medianMs,
    sigma,
    urlOf: (id, place, extension) => `${filesUrl}/xezq/${id}/out-${place}.${extension}`,
    faultOf: (prediction) => faults.onRun?.(prediction) ?? null,
  });
  const uploads = createUploadedFiles();
  const files = fileServer({
    predictions,
    pictures: createPictures({ render, inputOf: (url) => uploads.contentOf(url) }),
    faults,
    outputLifetimeMs,
    onDownload: (hasCredentials) => {
      seen.downloads += 1;
      if (hasCredentials) seen.tokensAtFileHost += 1;
    },
  });
  const api = await apiServer({
    token,
    predictions,
    faults,
    speed,
    createPerMinute,
    createBurst,
    creditUsd,
    outputLifetimeMs,
    earlyOutputRate,
    uploads,
    onRequest: (kind) => {
      requests[kind] += 1;
    },
    onThrottled: () => {
      seen.throttled += 1;
    },
  });
  filesUrl = await listen(files, filesPort);
  const apiUrl = await listen(api, port);
  return {
    baseUrl: `${apiUrl}/v1`,
    filesUrl,
    token,
    stats: () => ({
      requests: { ...requests },
      apiRequests: Object.values(requests).reduce((sum, count) => sum + count, 0),
      ...countsOf(predictions.all()),
      inFlight: predictions.inFlight,
      maxInFlight: predictions.maxInFlight,
      ...seen,
    }),
    async close() {
      predictions.close();
      await Promise.all([api.close(), files.close()]);
    },
  };
}

async function listen(server: FastifyInstance, port: number): Promise<string> {
  await server.listen({ host: '127.0.0.1', port });
  const address: AddressInfo | string | null = server.server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
}

function countsOf(all: readonly SimulatedPrediction[]) {
  const counts = {
    created: all.length,
    succeeded: 0,
    failed: 0,
    canceled: 0,
    aborted: 0,
    images: 0,
    billedMicroUsd: 0,
  };
  for (const { status, outputs, costMicroUsd } of all) {
    if (status !== 'starting' && status !== 'processing') counts[status] += 1;
    counts.images += outputs.length;
    counts.billedMicroUsd += costMicroUsd;
  }
  return counts;
}
