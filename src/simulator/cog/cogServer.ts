import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { applyFault } from '../applyFault.ts';
import type { Counters } from '../createCounters.ts';
import type { Predictions } from '../createPredictions.ts';
import { cogSchema } from '../models/cogSchema.ts';
import type { SimulatedModel } from '../models/SimulatedModel.ts';
import type { SimulatorSettings } from '../readSettings.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { cogJson } from './cogJson.ts';
import { type RightCogWish, readCogBody } from './readCogBody.ts';

export interface CogServerConfig {
  model: SimulatedModel;
  settings: SimulatorSettings;
  predictions: Predictions;
  counters: Counters;
  isReady: () => boolean;
}

type PredictionRoute = { Params: { id: string } };

const MAX_BODY_BYTES = 100_000_000;

const discovery = {
  cog_version: '0.17.0',
  docs_url: '/docs',
  openapi_url: '/openapi.json',
  shutdown_url: '/shutdown',
  healthcheck_url: '/health-check',
  predictions_url: '/predictions',
  predictions_idempotent_url: '/predictions/{prediction_id}',
  predictions_cancel_url: '/predictions/{prediction_id}/cancel',
};

/** The HTTP API of a container built by Cog. */
export function cogServer(config: CogServerConfig): FastifyInstance {
  const { model, settings, predictions, counters, isReady } = config;
  const server = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true, exposeHeadRoutes: false });
  const { faults } = settings;
  const isBusy = () => counters.snapshot().inFlight >= settings.slots;
  const shown = (prediction: SimulatedPrediction) => cogJson(prediction, settings);

  const create = async (request: FastifyRequest, reply: FastifyReply, pathId: string | null) => {
    counters.countRequest('create');
    const running = predictions.get(pathId ?? '');
    // The same id again joins what runs, in whatever mode; what has ended is forgotten.
    if (running?.completedAtMs === null) return reply.code(202).send(shown(running));
    const wish = readCogBody(request.body, model, pathId);
    if (wish.kind === 'invalid') return reply.code(422).send({ detail: wish.faults });
    if (!isReady()) return reply.code(503).send({ error: 'Predictor not ready', status: 'failed' });
    if (isBusy()) {
      return reply.code(409).send({ error: 'At capacity - all prediction slots busy', status: 'failed' });
    }
    return run(request, reply, wish);
  };
  const run = async (request: FastifyRequest, reply: FastifyReply, wish: RightCogWish) => {
    const { id, input, webhook } = wish;
    const early = faults.beforeCreate?.({ model: model.name, input }) ?? null;
    if (await applyFault(early, reply)) return reply;
    const prediction = predictions.create({ id, model, input, webhook, cancelAfterMs: null });
    const isAsync = request.headers.prefer === 'respond-async';
    // Who waits for the answer and leaves takes the prediction along.
    if (!isAsync) reply.raw.once('close', () => predictions.cancel(prediction));
    if (await applyFault(faults.afterCreate?.(prediction) ?? null, reply)) return reply;
    if (isAsync) return reply.code(202).send({ id: prediction.id, status: 'starting' });
    await predictions.whenFinal(prediction, Number.POSITIVE_INFINITY, new AbortController().signal);
    return shown(prediction);
  };

  server.get('/', async () => discovery);
  server.get('/openapi.json', async () => cogSchema(model));
  server.get('/health-check', async () => {
    const status = isBusy() ? 'BUSY' : 'READY';
    const setup = { started_at: '2025-01-01T00:00:00.000000+00:00', logs: '' };
    return isReady()
      ? { status, setup: { ...setup, status: 'succeeded' }, version: { coglet: '0.17.0' } }
      : { status: 'STARTING', setup: { ...setup, status: 'starting' }, version: { coglet: '0.17.0' } };
  });
  server.post('/predictions', (request, reply) => create(request, reply, null));
  server.put<PredictionRoute>('/predictions/:id', (request, reply) =>
    create(request, reply, request.params.id),
  );
  server.post<PredictionRoute>('/predictions/:id/cancel', async ({ params }, reply) => {
    counters.countRequest('cancel');
    const prediction = predictions.get(params.id);
    if (prediction?.completedAtMs !== null) return reply.code(404).send({});
    predictions.cancel(prediction);
    return {};
  });
  return server;
}
