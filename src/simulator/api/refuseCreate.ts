import type { FastifyReply } from 'fastify';
import { problem } from '../problem.ts';
import type { ReadCreate } from './readCreate.ts';

/** Answers a create that cannot be run. */
export function refuseCreate(
  reply: FastifyReply,
  wrong: Exclude<ReadCreate, { kind: 'right' }>,
): FastifyReply {
  if (wrong.kind === 'unknown version') {
    return problem(reply, {
      status: 422,
      title: 'Invalid version or not permitted',
      detail: 'The specified version does not exist (or perhaps you don’t have permission to use it?)',
    });
  }
  const lines = wrong.faults.map(({ field, description }) =>
    field === '' ? `- ${description}\n` : `- ${field}: ${description}\n`,
  );
  return problem(reply, {
    status: 422,
    title: 'Input validation failed',
    detail: lines.join(''),
    invalid_fields: wrong.faults,
  });
}
