import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { simulatorHeader } from '../../base/service.ts';
import type { SimulatorSettings } from '../engine/config.ts';
import type { Counters } from '../engine/counters.ts';
import { applyFault } from '../engine/faults.ts';
import type { Predictions } from '../engine/predictions.ts';
import { type SimulatedPrediction, timesOf, type WebhookOrder } from '../engine/simulatedPrediction.ts';
import { createWebServer } from '../engine/webServer.ts';
import { cogSchema, inputFaults, type SimulatedModel } from '../models/simulatedModel.ts';

interface CogServerConfig {
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

/** Creates the HTTP API of a container built by Cog. */
export function cogServer(config: CogServerConfig): FastifyInstance {
  const { model, settings, predictions, counters, isReady } = config;
  const server = createWebServer({ bodyLimit: MAX_BODY_BYTES });
  server.addHook('onRequest', async (_request, reply) => void reply.header(simulatorHeader, '1'));
  const { faults } = settings;
  const isBusy = () => counters.snapshot().inFlight >= settings.slots;
  const shown = (prediction: SimulatedPrediction) => cogJson(prediction, settings);

  const create = async (request: FastifyRequest, reply: FastifyReply, pathId: string | null) => {
    counters.countRequest('create');
    const running = predictions.get(pathId ?? '');
    // The same id again joins the running prediction in any mode; an ended one is replaced.
    if (running?.completedAtMs === null) return reply.code(202).send(shown(running));
    const order = readCogBody(request.body, model, pathId);
    if (order.kind === 'invalid') return reply.code(422).send({ detail: order.faults });
    if (!isReady()) return reply.code(503).send({ error: 'Predictor not ready', status: 'failed' });
    if (isBusy()) {
      return reply.code(409).send({ error: 'At capacity - all prediction slots busy', status: 'failed' });
    }
    return run(request, reply, order);
  };
  const run = async (request: FastifyRequest, reply: FastifyReply, order: ValidCogOrder) => {
    const { id, input, webhook } = order;
    const early = faults.beforeCreate?.({ model: model.name, input }) ?? null;
    if (await applyFault(early, reply)) return reply;
    const prediction = predictions.create({
      id,
      model,
      deployment: null,
      input,
      webhook,
      cancelAfterMs: null,
    });
    const isAsync = request.headers.prefer === 'respond-async';
    // A client that disconnects while it waits for the response cancels the prediction.
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

interface CogJsonConfig {
  /** Speed of the simulator. */
  speed: number;
  /** Reports `processing` for a final prediction, as `output` webhooks do. Default false. */
  isAheadOfStatus?: boolean;
}

/** Returns a prediction as Cog's API shows it. */
export function cogJson(prediction: SimulatedPrediction, { speed, isAheadOfStatus = false }: CogJsonConfig) {
  const { id, input, status, error, outputs, model, startedAtMs, completedAtMs } = prediction;
  const isEnded = completedAtMs !== null && !isAheadOfStatus;
  return {
    id,
    input,
    status: isAheadOfStatus ? ('processing' as const) : status,
    ...(status === 'succeeded' ? { output: model.output === 'single' ? outputs[0] : outputs } : {}),
    ...(error === null ? {} : { error }),
    logs: startedAtMs === null ? '' : `Using seed: ${input.seed ?? prediction.serial}\n`,
    ...(isEnded ? { metrics: { predict_time: timesOf(prediction, speed).predictS } } : {}),
  };
}

/** One entry of `detail`, as FastAPI writes it. */
interface CogFault {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** The prediction that a valid body orders. */
interface ValidCogOrder {
  readonly kind: 'valid';
  /** Null: a new id. */
  readonly id: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly webhook: WebhookOrder | null;
}

/** A prediction to create, or the faults of the body that are reported with 422. */
type CogOrder = ValidCogOrder | { readonly kind: 'invalid'; readonly faults: readonly CogFault[] };

const schema = z.looseObject({
  id: z.string().optional(),
  input: z.record(z.string(), z.unknown()).default({}),
  webhook: z.string().optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
});

/**
 * Reads the body of a create request; `pathId` is the id in its path, which an id in the body must
 * equal.
 */
function readCogBody(body: unknown, model: SimulatedModel, pathId: string | null): CogOrder {
  const { success, data, error } = schema.safeParse(body ?? {});
  if (!success) {
    const faults = error.issues.map(({ path, message: msg }) => fault(path.map(String), msg));
    return { kind: 'invalid', faults };
  }
  const { id = pathId, input, webhook: url, webhook_events_filter: events = null } = data;
  if (pathId !== null && id !== pathId) {
    const msg = 'prediction ID must match the ID supplied in the URL';
    return { kind: 'invalid', faults: [fault(['id'], msg)] };
  }
  const faults = inputFaults(input, model).map(({ field, description }) =>
    fault(field.split('.'), description),
  );
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'valid', id, input, webhook: url === undefined ? null : { url, events } };
}

function fault(path: readonly string[], msg: string): CogFault {
  return { loc: ['body', ...path], msg, type: 'value_error' };
}
