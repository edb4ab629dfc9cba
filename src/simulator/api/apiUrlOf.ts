import type { FastifyRequest } from 'fastify';

/** The base of the API as the client of this call knows it. */
export function apiUrlOf({ host }: FastifyRequest): string {
  return `http://${host}/v1`;
}
