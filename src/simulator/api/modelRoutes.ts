import type { FastifyInstance } from 'fastify';
import { findModel } from '../models/findModel.ts';
import { models } from '../models/models.ts';
import { versionOf } from '../models/versionOf.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { exampleJson } from './exampleJson.ts';
import { modelJson } from './modelJson.ts';
import { notFound } from './notFound.ts';
import { pageOf } from './pageOf.ts';
import { readmeOf } from './readmeOf.ts';
import { versionJson } from './versionJson.ts';

type ModelRoute = { Params: { owner: string; name: string } };
type VersionRoute = { Params: { owner: string; name: string; version: string } };

/** Models, their only version, their example and their readme. */
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
  api.get<ModelRoute>('/models/:owner/:name/examples', async (request, reply) => {
    const model = find(request.params);
    return model === null ? notFound(reply) : pageOf([exampleJson(model, apiUrlOf(request))]);
  });
  api.get<ModelRoute>('/models/:owner/:name/readme', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : reply.type('text/plain').send(readmeOf(model));
  });
}
