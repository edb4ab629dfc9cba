import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { applyFault } from './applyFault.ts';
import type { Pictures } from './createPictures.ts';
import type { Predictions } from './createPredictions.ts';
import { problem } from './problem.ts';
import type { Fault, SimulatorFaults } from './SimulatorFaults.ts';

export interface FileServerConfig {
  predictions: Predictions;
  pictures: Pictures;
  faults: SimulatorFaults;
  outputLifetimeMs: number;
  /** Told of each download, and whether it came with credentials. */
  onDownload: (hasCredentials: boolean) => void;
}

const TYPES: Readonly<Record<string, string>> = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' };

/** The host of output files: a port of its own, no credentials asked. */
export function fileServer(config: FileServerConfig): FastifyInstance {
  const { predictions, pictures, faults, outputLifetimeMs, onDownload } = config;
  const app = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  app.setNotFoundHandler((_request, reply) => problem(reply, { status: 404, detail: 'Not found.' }));
  app.get<{ Params: { id: string; file: string } }>('/xezq/:id/:file', async (request, reply) => {
    onDownload(request.headers.authorization !== undefined);
    const { id, file } = request.params;
    const prediction = predictions.get(id);
    const [, place = '', extension = ''] = /^out-(\d+)\.(\w+)$/.exec(file) ?? [];
    const isThere = prediction?.outputs[Number(place)]?.endsWith(file) ?? false;
    const isExpired = Date.now() - (prediction?.completedAtMs ?? 0) > outputLifetimeMs;
    if (prediction === undefined || !isThere || isExpired)
      return problem(reply, { status: 404, detail: 'Not found.' });
    const fault = faults.onFile?.(prediction) ?? null;
    if (await applyFault(fault, reply)) return reply;
    const picture = await pictures.render(prediction, Number(place));
    reply.type(TYPES[extension] ?? 'application/octet-stream').header('accept-ranges', 'bytes');
    if (fault?.type === 'cut' || fault?.type === 'wrongLength') return spoil(reply, picture, fault);
    return sendRange(reply, picture, request.headers.range);
  });
  return app;
}

function sendRange(reply: FastifyReply, picture: Buffer, range: string | undefined): FastifyReply {
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '') return reply.send(picture);
  const from = Number(first);
  const to = Math.min(last === '' ? Number.POSITIVE_INFINITY : Number(last), picture.length - 1);
  if (from > to) return reply.code(416).header('content-range', `bytes */${picture.length}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${from}-${to}/${picture.length}`)
    .send(picture.subarray(from, to + 1));
}

/** Breaks off inside the body, or sends less than was told and ends as if all were well. */
function spoil(
  reply: FastifyReply,
  picture: Buffer,
  fault: Extract<Fault, { type: 'cut' | 'wrongLength' }>,
): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  if (fault.type === 'wrongLength') {
    // Chunked, so that nothing but the file itself tells that its end is missing.
    raw.writeHead(200, { 'content-type': 'image/webp' });
    raw.end(picture.subarray(0, Math.floor(picture.length / 2)));
    return reply;
  }
  raw.writeHead(200, { 'content-type': 'image/webp', 'content-length': picture.length });
  raw.write(picture.subarray(0, Math.floor(picture.length * fault.at)), () => raw.destroy());
  return reply;
}
