import type { FastifyReply } from 'fastify';

interface Problem {
  readonly status: number;
  /** Some kinds of error have none. */
  readonly title?: string;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

/** Answers with problem+json. */
export function problem(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type('application/problem+json').send(JSON.stringify(body));
}
