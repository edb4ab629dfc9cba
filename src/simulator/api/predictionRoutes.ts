import type { FastifyInstance } from 'fastify';
import { applyFault } from '../applyFault.ts';
import { problem } from '../problem.ts';
import type { ApiContext } from './ApiContext.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { canceledJson } from './canceledJson.ts';
import { listedJson } from './listedJson.ts';
import { listPage } from './listPage.ts';
import { notFound } from './notFound.ts';
import { predictionJson } from './predictionJson.ts';

type PredictionRoute = { Params: { id: string } };

/** List, get and cancel. */
export function predictionRoutes(api: FastifyInstance, { settings, predictions }: ApiContext): void {
  const { faults } = settings;

  api.get<{ Querystring: Record<string, string> }>('/predictions', async (request, reply) => {
    if (await applyFault(faults.onList?.() ?? null, reply)) return reply;
    const page = listPage(predictions.all(), request.query);
    if (page === null)
      return problem(reply, { status: 400, detail: 'Expected dates in ISO 8601, or a cursor' });
    const apiUrl = apiUrlOf(request);
    const { found, cursor } = page;
    return {
      next: cursor === null ? null : `${apiUrl}/predictions?cursor=${encodeURIComponent(cursor)}`,
      previous: null,
      results: found.map((prediction) => listedJson(prediction, { settings, apiUrl })),
    };
  });
  api.get<PredictionRoute>('/predictions/:id', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    if (await applyFault(faults.onGet?.(prediction) ?? null, reply)) return reply;
    return predictionJson(prediction, { settings, apiUrl: apiUrlOf(request) });
  });
  api.post<PredictionRoute>('/predictions/:id/cancel', async (request, reply) => {
    const prediction = predictions.get(request.params.id);
    if (prediction === undefined) return notFound(reply);
    predictions.cancel(prediction);
    return canceledJson(prediction, { settings, apiUrl: apiUrlOf(request) });
  });
}
