import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { applyFault } from './applyFault.ts';
import { cogSchema } from './cogSchema.ts';
import type { Predictions } from './createPredictions.ts';
import { createRateLimit, type RateLimitState } from './createRateLimit.ts';
import type { UploadedFiles } from './createUploadedFiles.ts';
import { findModel } from './findModel.ts';
import { inputFaults } from './inputFaults.ts';
import { listPage } from './listPage.ts';
import { parseDurationMs } from './parseDurationMs.ts';
import { predictionJson } from './predictionJson.ts';
import { problem } from './problem.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';
import type { SimulatorFaults } from './SimulatorFaults.ts';
import type { RequestKind } from './SimulatorStats.ts';
import { simulatedModels } from './simulatedModels.ts';
import { versionOf } from './versionOf.ts';

export interface ApiServerConfig {
  token: string;
  predictions: Predictions;
  faults: SimulatorFaults;
  speed: number;
  createPerMinute: number;
  createBurst: number;
  creditUsd: number;
  outputLifetimeMs: number;
  earlyOutputRate: number;
  uploads: UploadedFiles;
  onRequest: (kind: RequestKind) => void;
  onThrottled: () => void;
}

const createBody = z.strictObject({
  version: z.string().optional(),
  input: z.record(z.string(), z.unknown()),
  webhook: z.string().optional(),
  webhook_events_filter: z.array(z.string()).optional(),
  stream: z.boolean().optional(),
});
const LOW_CREDIT_USD = 5;
const LONGEST_WAIT_S = 60;
const MAX_BODY_BYTES = 20_000_000;

/** The API of the simulator, below `/v1`. */
export async function apiServer(config: ApiServerConfig): Promise<FastifyInstance> {
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true, exposeHeadRoutes: false });
  await app.register(multipart, { limits: { fileSize: 100_000_000, files: 1 } });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(String(body)));
    } catch {
      done(null, null);
    }
  });
  app.setNotFoundHandler((_request, reply) => problem(reply, { status: 404, detail: 'Not found.' }));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    const detail = status === 413 ? 'Request body is too large.' : 'Internal server error.';
    return problem(reply, { status, detail });
  });
  await app.register(async (api) => routes(api, config), { prefix: '/v1' });
  return app;
}

function routes(api: FastifyInstance, config: ApiServerConfig): void {
  const { token, predictions, faults, onRequest, uploads } = config;
  const apiUrl = (request: FastifyRequest) => `http://${request.host}/v1`;
  const show = (prediction: SimulatedPrediction, request: FastifyRequest, isAheadOfStatus = false) =>
    predictionJson(prediction, {
      apiUrl: apiUrl(request),
      outputLifetimeMs: config.outputLifetimeMs,
      isAheadOfStatus,
    });
  const money = createMoney(config);
  const paces = createPaces(config, money);

  api.addHook('onRequest', async (request, reply) => {
    const kind = kindOf(request);
    onRequest(kind);
    if (!isAuthenticated(request, token)) return unauthenticated(reply);
    return paces.pass(kind, reply);
  });

  const create = async (request: FastifyRequest, reply: FastifyReply, named: SimulatedModel | null) => {
    if (money.isGone()) return noCredit(reply);
    const body = createBody.safeParse(request.body);
    if (!body.success) return invalidBody(reply, body.error);
    const { input, version = '' } = body.data;
    const model = named ?? findModel(version);
    if (model === null) return invalidVersion(reply);
    const wrong = inputFaults(input, model);
    return wrong.length > 0 ? invalidInput(reply, wrong) : accept(request, reply, model, input);
  };
  const accept = async (
    request: FastifyRequest,
    reply: FastifyReply,
    model: SimulatedModel,
    input: Readonly<Record<string, unknown>>,
  ) => {
    if (await applyFault(faults.beforeCreate?.() ?? null, reply)) return reply;
    const cancelAfterMs = parseDurationMs(String(request.headers['cancel-after'] ?? ''));
    const prediction = predictions.create({ model, version: versionOf(model), input, cancelAfterMs });
    if (await applyFault(faults.afterCreate?.(prediction) ?? null, reply)) return reply;
    return answerCreate(request, reply, prediction);
  };

  const answerCreate = async (
    request: FastifyRequest,
    reply: FastifyReply,
    prediction: SimulatedPrediction,
  ) => {
    const prefer = /^wait(?:=(\d+))?$/.exec(String(request.headers.prefer ?? ''));
    if (prefer === null) {
      const location = `${apiUrl(request)}/predictions/${prediction.id}`;
      return reply.code(201).header('location', location).send(show(prediction, request));
    }
    const waitS = Math.min(LONGEST_WAIT_S, Number(prefer[1] ?? LONGEST_WAIT_S));
    const gone = new AbortController();
    // The prediction goes on when the client leaves; only the waiting ends.
    reply.raw.once('close', () => gone.abort());
    await predictions.whenFinal(prediction, waitS * 1_000, gone.signal);
    const isDone = prediction.completedAtMs !== null;
    const isAhead = prediction.status === 'succeeded' && shareOf(prediction.id) < config.earlyOutputRate;
    return reply
      .code(isDone ? 201 : 202)
      .header('preference-applied', prefer[1] === undefined ? 'wait' : `wait=${prefer[1]}`)
      .send(show(prediction, request, isAhead));
  };

  api.post('/predictions', (request, reply) => create(request, reply, null));
  api.post<{ Params: { owner: string; name: string } }>(
    '/models/:owner/:name/predictions',
    (request, reply) => {
      const model = findModel(`${request.params.owner}/${request.params.name}`);
      return model?.isOfficial ? create(request, reply, model) : notFound(reply);
    },
  );
  api.post<{ Params: { owner: string; name: string } }>(
    '/deployments/:owner/:name/predictions',
    (request, reply) => {
      const model = findModel(`${request.params.owner}/${request.params.name}`);
      return model === null ? notFound(reply) : create(request, reply, model);
    },
  );
  api.get<{ Querystring: Record<string, string> }>('/predictions', async (request, reply) => {
    if (await applyFault(faults.onList?.() ?? null, reply)) return reply;
    const { found, cursor } = listPage(predictions.all(), request.query);
    const next =
      cursor === null ? null : `${apiUrl(request)}/predictions?cursor=${encodeURIComponent(cursor)}`;
    return {
      next,
      previous: null,
      results: found.map((prediction) => ({ ...show(prediction, request), logs: undefined })),
    };
  });
  api.get<{ Params: { id: string } }>('/predictions/:id', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    if (await applyFault(faults.onGet?.(prediction) ?? null, reply)) return reply;
    return show(prediction, request);
  });
  api.post<{ Params: { id: string } }>('/predictions/:id/cancel', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    predictions.cancel(prediction);
    return { ...show(prediction, request), logs: null, webhook_completed: null };
  });
  modelRoutes(api);
  api.get('/account', async () => ({
    type: 'user',
    username: 'simulator',
    name: 'Simulator',
    github_url: '',
    avatar_url: '',
  }));
  api.get('/hardware', async () => [
    { sku: 'cpu', name: 'CPU' },
    { sku: 'gpu-l40s', name: 'Nvidia L40S GPU' },
    { sku: 'gpu-h100', name: 'Nvidia H100 GPU' },
  ]);
  uploads.routes(api, apiUrl);
}

function createMoney({ creditUsd, predictions }: ApiServerConfig) {
  const leftUsd = () =>
    creditUsd - predictions.all().reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0) / 1_000_000;
  const isLimited = Number.isFinite(creditUsd);
  return {
    isLow: () => isLimited && leftUsd() < LOW_CREDIT_USD,
    isGone: () => isLimited && leftUsd() <= 0,
  };
}

/** Each kind of call has a bucket of its own, and every answer but a file's tells how full it is. */
function createPaces(
  { speed, createPerMinute, createBurst, onThrottled }: ApiServerConfig,
  money: ReturnType<typeof createMoney>,
) {
  const create = createRateLimit(createPerMinute * speed, createBurst);
  const lowCredit = createRateLimit(6 * speed, 1);
  const get = createRateLimit(60_000 * speed, 60_000);
  const other = createRateLimit(3_000 * speed, 3_000);
  const bucketFor = (kind: RequestKind, isPoor: boolean) => {
    if (kind === 'create') return isPoor ? lowCredit : create;
    return kind === 'get' ? get : other;
  };
  return {
    pass(kind: RequestKind, reply: FastifyReply): FastifyReply | undefined {
      if (kind === 'file') return undefined;
      const isPoor = kind === 'create' && money.isLow();
      const state = bucketFor(kind, isPoor)();
      reply
        .header('ratelimit-remaining', String(state.remaining))
        .header('ratelimit-reset', String(state.resetS));
      if (state.isAllowed) return undefined;
      if (kind === 'create') onThrottled();
      return tooFast(reply, state, isPoor);
    },
  };
}

function isAuthenticated({ headers }: FastifyRequest, token: string): boolean {
  const [scheme = '', given = ''] = (headers.authorization ?? '').split(' ');
  return /^(bearer|token)$/i.test(scheme) && given === token;
}

function unauthenticated(reply: FastifyReply): FastifyReply {
  return problem(reply, {
    status: 401,
    title: 'Unauthenticated',
    detail: 'You did not pass a valid authentication token',
  });
}

function noCredit(reply: FastifyReply): FastifyReply {
  return problem(reply, {
    status: 402,
    title: 'Insufficient credit',
    detail:
      'You have insufficient credit to run this model. Go to https://replicate.com/account/billing to purchase credit.',
  });
}

function modelRoutes(api: FastifyInstance): void {
  type ModelParams = { Params: { owner: string; name: string; version: string } };
  const find = ({ owner, name }: ModelParams['Params']) => findModel(`${owner}/${name}`);
  api.get('/models', async () => ({ next: null, previous: null, results: simulatedModels.map(modelJson) }));
  api.get<ModelParams>('/models/:owner/:name', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : modelJson(model);
  });
  api.get<ModelParams>('/models/:owner/:name/versions', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : { next: null, previous: null, results: [versionJson(model)] };
  });
  api.get<ModelParams>('/models/:owner/:name/versions/:version', async ({ params }, reply) => {
    const model = find(params);
    return model === null || params.version !== versionOf(model) ? notFound(reply) : versionJson(model);
  });
}

function modelJson(model: SimulatedModel): object {
  const [owner, name] = model.name.split('/');
  return {
    url: `https://replicate.com/${model.name}`,
    owner,
    name,
    description: model.description,
    visibility: 'public',
    is_official: model.isOfficial,
    github_url: null,
    paper_url: null,
    license_url: null,
    run_count: 1_000_000,
    cover_image_url: null,
    default_example: null,
    latest_version: versionJson(model),
  };
}

function versionJson(model: SimulatedModel): object {
  return {
    id: versionOf(model),
    created_at: '2025-01-01T00:00:00Z',
    cog_version: '0.13.6',
    openapi_schema: cogSchema(model),
  };
}

function kindOf({ method, url }: FastifyRequest): RequestKind {
  const path = url.replace(/\?.*/, '');
  if (method === 'POST' && path.endsWith('/predictions')) return 'create';
  if (path.endsWith('/cancel')) return 'cancel';
  if (/\/v1\/predictions\/?$/.test(path)) return 'list';
  if (path.startsWith('/v1/predictions/')) return 'get';
  if (path.startsWith('/v1/models')) return 'model';
  return path.startsWith('/v1/files') ? 'file' : 'other';
}

/** 0…1, the same for the same id. */
function shareOf(id: string): number {
  return (Number.parseInt(id.slice(0, 6), 32) % 1_000) / 1_000;
}

function tooFast(reply: FastifyReply, { retryAfterS }: RateLimitState, isPoor: boolean): FastifyReply {
  const why = isPoor
    ? ' Your rate limit is reduced to 6 requests per minute with a burst of 1 until you add credit.'
    : '';
  return problem(reply, {
    status: 429,
    detail: `Request was throttled.${why} Your rate limit resets in ~${retryAfterS}s.`,
    retry_after: retryAfterS,
  });
}

function notFound(reply: FastifyReply): FastifyReply {
  return problem(reply, { status: 404, detail: 'The requested resource could not be found.' });
}

function invalidVersion(reply: FastifyReply): FastifyReply {
  return problem(reply, {
    status: 422,
    title: 'Invalid version or not permitted',
    detail: 'The specified version does not exist (or perhaps you don’t have permission to use it?)',
  });
}

function invalidBody(reply: FastifyReply, { issues }: z.ZodError): FastifyReply {
  const wrong = issues.map(({ code, path, message }) =>
    code === 'unrecognized_keys'
      ? { type: 'additional_property_not_allowed', field: '', description: message }
      : { type: 'required', field: '', description: `${path.join('.') || 'body'} is required` },
  );
  return invalidInput(reply, wrong);
}

function invalidInput(
  reply: FastifyReply,
  wrong: readonly { field: string; description: string }[],
): FastifyReply {
  const lines = wrong.map(
    ({ field, description }) => `- ${[field, description].filter(Boolean).join(': ')}\n`,
  );
  return problem(reply, {
    status: 422,
    title: 'Input validation failed',
    detail: lines.join(''),
    invalid_fields: wrong,
  });
}
