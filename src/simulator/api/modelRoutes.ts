import type { FastifyInstance } from 'fastify';
import { findModel } from '../models/findModel.ts';
import { models } from '../models/models.ts';
import { versionOf } from '../models/versionOf.ts';
import { modelJson } from './modelJson.ts';
import { notFound } from './notFound.ts';
import { versionJson } from './versionJson.ts';

type ModelRoute = { Params: { owner: string; name: string } };
type VersionRoute = { Params: { owner: string; name: string; version: string } };

/** Models and their only version. */
export function modelRoutes(api: FastifyInstance): void {
  const pageOf = (results: readonly object[]) => ({ next: null, previous: null, results });
  const find = ({ owner, name }: ModelRoute['Params']) => findModel.named(`${owner}/${name}`);

  api.get('/models', async () => pageOf(models.map(modelJson)));
  api.get<ModelRoute>('/models/:owner/:name', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : modelJson(model);
  });
  api.get<ModelRoute>('/models/:owner/:name/versions', async ({ params }, reply) => {
    const model = find(params);
    return model === null ? notFound(reply) : pageOf([versionJson(model)]);
  });
  api.get<VersionRoute>('/models/:owner/:name/versions/:version', async ({ params }, reply) => {
    const model = find(params);
    return model === null || params.version !== versionOf(model) ? notFound(reply) : versionJson(model);
  });
}
