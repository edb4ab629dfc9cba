import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { applyFault } from '../applyFault.ts';
import { findModel } from '../models/findModel.ts';
import type { SimulatedModel } from '../models/SimulatedModel.ts';
import { problem } from '../problem.ts';
import type { ApiContext } from './ApiContext.ts';
import { answerCreate } from './answerCreate.ts';
import type { Credit } from './createCredit.ts';
import { notFound } from './notFound.ts';
import { readCancelAfter } from './readCancelAfter.ts';
import { readCreate } from './readCreate.ts';
import { refuseCreate } from './refuseCreate.ts';

type ModelRoute = { Params: { owner: string; name: string } };

/** The three ways to create a prediction. */
export function createRoutes(api: FastifyInstance, context: ApiContext, credit: Credit): void {
  const { settings, predictions } = context;
  const { faults } = settings;

  const create = async (request: FastifyRequest, reply: FastifyReply, named: SimulatedModel | null) => {
    if (credit.isGone()) return noCredit(reply);
    const wish = readCreate(request.body, named);
    if (wish.kind !== 'right') return refuseCreate(reply, wish);
    const cancelAfterMs = readCancelAfter(request.headers['cancel-after']);
    if (cancelAfterMs === 'wrong') return wrongCancelAfter(reply);
    const { model, input, webhook } = wish;
    const early = faults.beforeCreate?.({ model: model.name, input }) ?? null;
    if (await applyFault(early, reply)) return reply;
    const prediction = predictions.create({ id: null, model, input, cancelAfterMs, webhook });
    if (await applyFault(faults.afterCreate?.(prediction) ?? null, reply)) return reply;
    return answerCreate(request, reply, prediction, context);
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
    return model === null ? notFound(reply) : create(request, reply, model);
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
