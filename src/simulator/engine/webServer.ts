import Fastify, { type FastifyInstance } from 'fastify';

interface WebServerConfig {
  /** Longest body of a request. Default 1 MB. */
  bodyLimit?: number;
}

/**
 * Creates a server whose routes have no JSON schemas: the simulator checks inputs itself, and
 * loading the compilers of schemas takes a third of its start.
 */
export function createWebServer(config: WebServerConfig = {}): FastifyInstance {
  return Fastify({
    ...config,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
  });
}

/** Stands in for a compiler of schemas: a schema that nothing checks would pass unseen. */
function refuseSchemas(): never {
  throw new Error('Expected routes without JSON schemas');
}
