import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { applyFault, problem } from '../engine/faults.ts';
import { createRandom } from '../engine/random.ts';
import type { SimulatedPrediction, WebhookOrder } from '../engine/simulatedPrediction.ts';
import { isWebhookUrl } from '../engine/webhooks.ts';
import { findModel } from '../models/models.ts';
import { type InputFault, inputFaults, type SimulatedModel } from '../models/simulatedModel.ts';
import { type ApiContext, apiUrlOf, notFound } from './context.ts';
import type { Credit } from './guardCalls.ts';
import { predictionJson } from './predictionRoutes.ts';

type ModelRoute = { Params: { owner: string; name: string } };

/** Registers the three routes that create predictions. */
export function createRoutes(api: FastifyInstance, context: ApiContext, credit: Credit): void {
  const { settings, predictions } = context;
  const { faults } = settings;

  const create = async (
    request: FastifyRequest,
    reply: FastifyReply,
    named: SimulatedModel | null,
    deployment: string | null = null,
  ) => {
    if (credit.isGone()) return noCredit(reply);
    const order = readOrder(request.body, named);
    if (order.kind !== 'valid') return refuseOrder(reply, order);
    const cancelAfterMs = readCancelAfter(request.headers['cancel-after']);
    if (cancelAfterMs === 'wrong') return wrongCancelAfter(reply);
    const { model, input, webhook } = order;
    const early = faults.beforeCreate?.({ model: model.name, input }) ?? null;
    if (await applyFault(early, reply)) return reply;
    const wanted = { id: null, model, deployment, input, cancelAfterMs, webhook };
    const prediction = predictions.create(wanted);
    if (faults.isRepeated?.(prediction) === true) predictions.create(wanted);
    if (await applyFault(faults.afterCreate?.(prediction) ?? null, reply)) return reply;
    return sendCreated(request, reply, prediction, context);
  };
  const find = ({ owner, name }: ModelRoute['Params']) => findModel.named(`${owner}/${name}`);

  api.post('/predictions', (request, reply) => create(request, reply, null));
  api.post<ModelRoute>('/models/:owner/:name/predictions', async (request, reply) => {
    const model = find(request.params);
    return model?.isOfficial ? create(request, reply, model) : notFound(reply);
  });
  // Every model counts as deployed under its own name.
  api.post<ModelRoute>('/deployments/:owner/:name/predictions', async (request, reply) => {
    const model = find(request.params);
    return model === null ? notFound(reply) : create(request, reply, model, model.name);
  });
}

function noCredit(reply: FastifyReply): FastifyReply {
  return problem(reply, {
    status: 402,
    title: 'Insufficient credit',
    detail:
      'You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. Once you purchase credit, please wait a few minutes before trying again.',
  });
}

function wrongCancelAfter(reply: FastifyReply): FastifyReply {
  const detail = 'Expected Cancel-After to be a duration of at least 5 seconds, such as 30, 90s or 1h30m';
  return problem(reply, { status: 422, title: 'Input validation failed', detail });
}

/** A prediction to create, or the reason to refuse the request with 422. */
type Order =
  | {
      readonly kind: 'valid';
      readonly model: SimulatedModel;
      readonly input: Readonly<Record<string, unknown>>;
      readonly webhook: WebhookOrder | null;
    }
  | { readonly kind: 'invalid'; readonly faults: readonly InputFault[] }
  | { readonly kind: 'unknown version' };

const common = {
  input: z.record(z.string(), z.unknown()),
  webhook: z.string().refine(isWebhookUrl, 'Must be an https URL').optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
  stream: z.boolean().optional(),
};
const namedBody = z.strictObject(common).transform((body) => ({ ...body, version: '' }));
const versionedBody = z.strictObject({ ...common, version: z.string() });

/**
 * Reads the body of a create request. It must contain a version, unless the path names the model;
 * then it must not.
 */
function readOrder(body: unknown, named: SimulatedModel | null): Order {
  const { success, data, error } = (named === null ? versionedBody : namedBody).safeParse(body, {
    reportInput: true,
  });
  if (!success) return { kind: 'invalid', faults: error.issues.flatMap(bodyFaults) };
  const { input, version, webhook: url, webhook_events_filter: events = null } = data;
  const model = named ?? findModel.runnable(version);
  if (model === null) return { kind: 'unknown version' };
  const faults = inputFaults(input, model);
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'valid', model, input, webhook: url === undefined ? null : { url, events } };
}

function bodyFaults(issue: z.core.$ZodIssue): InputFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'additional_property_not_allowed',
      field: '',
      description: `Additional property ${key} is not allowed`,
    }));
  }
  const name = issue.path.join('.');
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return [{ type: 'required', field: '', description: `${name} is required` }];
  }
  return [{ type: 'invalid_type', field: name, description: issue.message }];
}

/** Refuses a create request that cannot be run. */
function refuseOrder(reply: FastifyReply, wrong: Exclude<Order, { kind: 'valid' }>): FastifyReply {
  if (wrong.kind === 'unknown version') {
    return problem(reply, {
      status: 422,
      title: 'Invalid version or not permitted',
      detail: 'The specified version does not exist (or perhaps you don’t have permission to use it?)',
    });
  }
  const lines = wrong.faults.map(({ field, description }) =>
    field === '' ? `- ${description}\n` : `- ${field}: ${description}\n`,
  );
  return problem(reply, {
    status: 422,
    title: 'Input validation failed',
    detail: lines.join(''),
    invalid_fields: wrong.faults,
  });
}

const SHORTEST_MS = 5_000;

/** Reads the `Cancel-After` header (`30`, `30s`, `5m`, `1h30m45s`) in ms; null if there is none. */
export function readCancelAfter(header: string | string[] | undefined): number | null | 'wrong' {
  if (header === undefined) return null;
  const parts = /^(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(String(header));
  if (parts === null) return 'wrong';
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return ms >= SHORTEST_MS ? ms : 'wrong';
}

const LONGEST_WAIT_S = 60;

/**
 * Sends the response to a create request: at once with 201, or under `Prefer: wait` when the
 * prediction is final (201) or the wait is over (202). A client that disconnects ends the wait, not
 * the prediction.
 */
async function sendCreated(
  request: FastifyRequest,
  reply: FastifyReply,
  prediction: SimulatedPrediction,
  { settings, predictions }: ApiContext,
): Promise<FastifyReply> {
  const apiUrl = apiUrlOf(request);
  const prefer = String(request.headers.prefer ?? '');
  const wait = /^wait(?:=([1-9]\d?))?$/.exec(prefer);
  if (wait === null) {
    reply.code(201).header('location', `${apiUrl}/predictions/${prediction.id}`);
    return reply.send(predictionJson(prediction, { settings, apiUrl }));
  }
  const waitS = Math.min(LONGEST_WAIT_S, Number(wait[1] ?? LONGEST_WAIT_S));
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  await predictions.whenFinal(prediction, waitS * 1_000, gone.signal);
  const { status, completedAtMs } = prediction;
  const { seed, earlyOutputRate } = settings;
  const isEarly = createRandom(`${seed}/${prediction.serial}/early`).next() < earlyOutputRate;
  reply.code(completedAtMs === null ? 202 : 201).header('preference-applied', prefer);
  const isAheadOfStatus = status === 'succeeded' && isEarly;
  return reply.send(predictionJson(prediction, { settings, apiUrl, isAheadOfStatus }));
}
