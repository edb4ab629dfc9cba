import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault, FileFault } from './config.ts';

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

/** Lets a fault have its way; resolves with whether the call has been answered, or ended, by it. */
export async function applyFault(fault: Fault | null, reply: FastifyReply): Promise<boolean> {
  if (fault === null) return false;
  if (fault.delayMs !== undefined) await sleep(fault.delayMs, undefined, { ref: false });
  switch (fault.type) {
    case 'delay':
      return false;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return true;
    case 'answer':
      await reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body);
      return true;
  }
}

const PIECES = 10;

/** Sends a file in a way that it should not be sent in. */
export async function spoilFile(
  reply: FastifyReply,
  file: Buffer,
  fault: Exclude<FileFault, Fault>,
): Promise<FastifyReply> {
  const type = String(reply.getHeader('content-type'));
  reply.hijack();
  const { raw } = reply;
  if (fault.type === 'truncate') {
    // Without a content length: nothing but the file itself tells that its end is missing.
    raw.writeHead(200, { 'content-type': type });
    raw.end(startOf(file, fault.share));
    return reply;
  }
  raw.writeHead(200, { 'content-type': type, 'content-length': file.length });
  if (fault.type === 'slow') {
    for (let piece = 0; piece < PIECES && !raw.destroyed; piece += 1) {
      await sleep(fault.durationMs / PIECES, undefined, { ref: false });
      raw.write(file.subarray((piece * file.length) / PIECES, ((piece + 1) * file.length) / PIECES));
    }
    raw.end();
    return reply;
  }
  raw.write(startOf(file, fault.share), () => {
    if (fault.type === 'cut') raw.destroy();
  });
  return reply;
}

function startOf(file: Buffer, share: number): Buffer {
  return file.subarray(0, Math.floor(file.length * share));
}
