import type { FastifyReply } from 'fastify';

/** Sends a file, or the one range of it that was asked for. */
export function sendFile(reply: FastifyReply, file: Buffer, range: string | undefined): FastifyReply {
  reply.header('accept-ranges', 'bytes');
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') return reply.send(file);
  // `bytes=-500` means the last 500.
  const from = first === '' ? Math.max(0, file.length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? file.length - 1 : Math.min(Number(last), file.length - 1);
  if (from > to) return reply.code(416).header('content-range', `bytes */${file.length}`).send();
  reply.code(206).header('content-range', `bytes ${from}-${to}/${file.length}`);
  return reply.send(file.subarray(from, to + 1));
}
