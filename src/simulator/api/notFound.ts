import type { FastifyReply } from 'fastify';
import { problem } from '../problem.ts';

/** Answers that there is no such thing. */
export function notFound(reply: FastifyReply): FastifyReply {
  return problem(reply, { status: 404, detail: 'The requested resource could not be found.' });
}
