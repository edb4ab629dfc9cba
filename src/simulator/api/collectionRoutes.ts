import type { FastifyInstance } from 'fastify';
import { collections } from '../models/collections.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { modelJson } from './modelJson.ts';
import { notFound } from './notFound.ts';
import { pageOf } from './pageOf.ts';

/** Collections of models. */
export function collectionRoutes(api: FastifyInstance): void {
  api.get('/collections', async () =>
    pageOf(collections.map(({ slug, name, description }) => ({ slug, name, description }))),
  );
  api.get<{ Params: { slug: string } }>('/collections/:slug', async (request, reply) => {
    const collection = collections.find(({ slug }) => slug === request.params.slug);
    if (collection === undefined) return notFound(reply);
    const { slug, name, description, models } = collection;
    const apiUrl = apiUrlOf(request);
    return {
      slug,
      name,
      description,
      full_description: `# ${name}\n\n${description}.\n`,
      models: models.map((model) => modelJson(model, apiUrl)),
    };
  });
}
