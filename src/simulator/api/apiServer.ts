import type { FastifyError, FastifyInstance } from 'fastify';
import { LIST_IS_CURRENT, simulatorHeader } from '../../base/service.ts';
import { problem } from '../engine/faults.ts';
import { createWebServer } from '../engine/webServer.ts';
import { type ApiContext, notFound } from './context.ts';
import { createRoutes } from './createRoutes.ts';
import { createCredit, guardCalls } from './guardCalls.ts';
import { collectionRoutes, modelRoutes, searchRoutes } from './modelRoutes.ts';
import { predictionRoutes } from './predictionRoutes.ts';
import { accountRoutes, uploadRoutes } from './uploadRoutes.ts';

const MAX_BODY_BYTES = 20_000_000;

/** Creates the API of the simulator, below `/v1`. */
export async function apiServer(context: ApiContext): Promise<FastifyInstance> {
  const server = createWebServer({ bodyLimit: MAX_BODY_BYTES });
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    const { statusCode: status = 500, message } = error;
    return problem(reply, { status, detail: status === 500 ? 'Internal server error' : message });
  });
  takeEmptyBodies(server);
  const { listLagMs, onList } = context.settings.faults;
  const about = listLagMs === undefined && onList === undefined ? LIST_IS_CURRENT : '1';
  server.addHook('onRequest', async (_request, reply) => void reply.header(simulatorHeader, about));
  await server.register(
    async (api) => {
      const credit = createCredit(context.settings.creditUsd, context.counters);
      guardCalls(api, context, credit);
      api.setNotFoundHandler((_request, reply) => notFound(reply));
      createRoutes(api, context, credit);
      predictionRoutes(api, context);
      modelRoutes(api);
      collectionRoutes(api);
      searchRoutes(api);
      accountRoutes(api);
      await uploadRoutes(api, context);
    },
    { prefix: '/v1' },
  );
  return server;
}

/** Accepts JSON requests with an empty body: the official client sends them to cancel. */
function takeEmptyBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'ignore');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, String(body), done),
  );
}
