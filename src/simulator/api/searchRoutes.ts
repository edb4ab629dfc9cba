import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { collections } from '../models/collections.ts';
import { searchModels } from '../models/searchModels.ts';
import { tagsOf } from '../models/tagsOf.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { modelJson } from './modelJson.ts';
import { pageOf } from './pageOf.ts';

const searchQuery = z.object({
  query: z.string().min(1),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

/** The two searches: of everything (`GET /search`) and of models (`QUERY /models`). */
export function searchRoutes(api: FastifyInstance): void {
  api.get('/search', async (request, reply) => {
    const { success, data } = searchQuery.safeParse(request.query);
    if (!success) {
      const detail = 'Expected a query parameter "query", and "limit" to be a number from 1 to 50';
      return reply.code(400).send({ detail });
    }
    const { query, limit } = data;
    const found = searchModels(query).slice(0, limit);
    return {
      query,
      models: found.map(({ model, score }) => ({
        model: modelJson(model, apiUrlOf(request)),
        metadata: { tags: tagsOf(model), score, generated_description: `${model.description}.` },
      })),
      collections: collections
        .filter(({ models }) => found.some(({ model }) => models.includes(model)))
        .map(({ slug, name, description, models }) => ({
          slug,
          name,
          description,
          models: models.map((model) => model.name),
        })),
      pages: [],
    };
  });
  api.route({
    method: 'QUERY',
    url: '/models',
    handler: async (request) =>
      pageOf(
        searchModels(String(request.body ?? '')).map(({ model }) => modelJson(model, apiUrlOf(request))),
      ),
  });
}
