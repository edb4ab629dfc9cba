import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { collections, findModel, models, searchModels, tagsOf } from '../models/models.ts';
import { cogSchema, type SimulatedModel, versionOf } from '../models/simulatedModel.ts';
import { apiUrlOf, notFound, pageOf } from './context.ts';

type ModelRoute = { Params: { owner: string; name: string } };
type VersionRoute = { Params: { owner: string; name: string; version: string } };

/** Registers the routes of models, their only version, their example and their readme. */
export function modelRoutes(api: FastifyInstance): void {
  const find = ({ owner, name }: ModelRoute['Params']) => findModel.named(`${owner}/${name}`);

  api.get('/models', async (request) => pageOf(models.map((model) => modelJson(model, apiUrlOf(request)))));
  api.get<ModelRoute>('/models/:owner/:name', async (request, reply) => {
    const model = find(request.params);
    return model === null ? notFound(reply) : modelJson(model, apiUrlOf(request));
  });
  api.get<ModelRoute>('/models/:owner/:name/versions', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : pageOf([versionJson(model)]);
  });
  api.get<VersionRoute>('/models/:owner/:name/versions/:version', async ({ params }, reply) => {
    const model = find(params);
    return model === null || params.version !== versionOf(model) ? notFound(reply) : versionJson(model);
  });
  // Every model counts as deployed under its own name.
  api.get<ModelRoute>('/deployments/:owner/:name', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : deploymentJson(model);
  });
  api.get<ModelRoute>('/models/:owner/:name/examples', async (request, reply) => {
    const model = find(request.params);
    return model === null ? notFound(reply) : pageOf([exampleJson(model, apiUrlOf(request))]);
  });
  api.get<ModelRoute>('/models/:owner/:name/readme', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : reply.type('text/plain').send(readmeOf(model));
  });
}

/** Returns a model as the API shows it. */
function modelJson(model: SimulatedModel, apiUrl: string) {
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
    default_example: exampleJson(model, apiUrl),
    latest_version: versionJson(model),
  };
}

/** Returns a model as one that is deployed on an instance of its own. */
function deploymentJson(model: SimulatedModel) {
  const [owner, name] = model.name.split('/');
  return {
    owner,
    name,
    current_release: {
      number: 1,
      model: model.name,
      version: versionOf(model),
      created_at: CREATED_AT,
      created_by: { type: 'organization', username: owner, name: owner },
      configuration: { hardware: 'gpu-h100', min_instances: 0, max_instances: 1 },
    },
  };
}

const WHITE_PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAACklEQVQI12P4DwABAQEAG7buVgAAAABJRU5ErkJggg==';

const outputs = {
  list: [WHITE_PIXEL],
  single: WHITE_PIXEL,
  text: ['I ', 'see ', 'a ', 'lighthouse', '.'],
} as const;

const CREATED_AT = '2025-01-01T00:00:00Z';
const STARTED_AT = '2025-01-01T00:00:01Z';

/** Returns the example of a model: a prediction that its author could have saved on the web. */
function exampleJson(model: SimulatedModel, apiUrl: string) {
  const version = versionOf(model);
  const id = version.slice(0, 26);
  const seconds = model.medianMs / 1_000;
  const times = { predict_time: seconds, total_time: seconds };
  return {
    id,
    model: model.name,
    version: model.isOfficial ? 'hidden' : version,
    input: { prompt: 'A lighthouse at dawn' },
    logs: '',
    output: outputs[model.output],
    data_removed: false,
    error: null,
    status: 'succeeded',
    source: 'web',
    created_at: CREATED_AT,
    started_at: STARTED_AT,
    completed_at: new Date(Date.parse(STARTED_AT) + model.medianMs).toISOString(),
    urls: {
      cancel: `${apiUrl}/predictions/${id}/cancel`,
      get: `${apiUrl}/predictions/${id}`,
      web: `https://replicate.com/p/${id}`,
    },
    metrics: model.output === 'text' ? times : { image_count: 1, ...times },
  };
}

/** Returns the version of a model as the API shows it. */
function versionJson(model: SimulatedModel) {
  return {
    id: versionOf(model),
    created_at: '2025-01-01T00:00:00Z',
    cog_version: '0.13.6',
    openapi_schema: cogSchema(model),
  };
}

/** Returns the readme of a model, in Markdown. */
function readmeOf({ name, description, inputs }: SimulatedModel): string {
  const lines = Object.entries(inputs).map(([input, { description: text }]) => `- \`${input}\`: ${text}`);
  return [`# ${name}`, '', `${description}.`, '', '## Inputs', '', ...lines, ''].join('\n');
}

/** Registers the routes of collections. */
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

const searchQuery = z.object({
  query: z.string().min(1),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

/** Registers the two searches: of everything (`GET /search`) and of models (`QUERY /models`). */
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
