import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { SimulatorSettings } from './engine/config.ts';
import type { Counters } from './engine/counters.ts';
import { applyFault, problem, spoilFile } from './engine/faults.ts';
import { isRemoved, type Predictions } from './engine/predictions.ts';
import { createRandom } from './engine/random.ts';
import type { SimulatedPrediction } from './engine/simulatedPrediction.ts';
import type { Uploads } from './engine/uploads.ts';
import { createWebServer } from './engine/webServer.ts';
import { effectiveInput } from './models/simulatedModel.ts';
import { loadInputImages } from './pictures/frame.ts';
import type { Pictures } from './pictures/pictures.ts';

interface FileServerConfig {
  settings: SimulatorSettings;
  predictions: Predictions;
  pictures: Pictures;
  counters: Counters;
}

/**
 * Creates the host of output files, which has its own port and needs no credentials. It draws
 * images when they are requested.
 */
export function fileServer({ settings, predictions, pictures, counters }: FileServerConfig): FastifyInstance {
  const server = createWebServer();
  const missing = { status: 404, detail: 'Not found' };
  server.setNotFoundHandler((_request, reply) => problem(reply, missing));
  server.get<{ Params: { id: string; name: string } }>('/xezq/:id/:name', async (request, reply) => {
    counters.countDownload(request.headers.authorization !== undefined);
    const { id, name } = request.params;
    const prediction = predictions.get(id);
    const index = prediction?.outputs.findIndex((url) => url.endsWith(`/${name}`)) ?? -1;
    if (prediction === undefined || index < 0 || isRemoved(prediction, settings)) {
      return problem(reply, missing);
    }
    const fault = settings.faults.onFile?.(prediction, index) ?? null;
    const image = await pictures.render(prediction, index);
    reply.type(contentTypeOf(name));
    switch (fault?.type) {
      case 'cut':
      case 'truncate':
      case 'stall':
      case 'slow':
        return spoilFile(reply, image, fault);
      case 'replace':
        return reply.send(Buffer.from(fault.file));
      default:
        return (await applyFault(fault ?? null, reply))
          ? reply
          : sendFile(reply, image, request.headers.range);
    }
  });
  return server;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['webp', 'image/webp'],
]);

/** Returns the content type of an output file by its name. */
function contentTypeOf(name: string): string {
  return TYPES.get(name.split('.').at(-1) ?? '') ?? 'application/octet-stream';
}

/** Sends a file, or the range of it that the request asks for. */
function sendFile(reply: FastifyReply, file: Buffer, range: string | undefined): FastifyReply {
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

/** Returns the outputs of a prediction as `data:` URLs, in their order. */
export function dataUrls(prediction: SimulatedPrediction, pictures: Pictures): Promise<string[]> {
  return Promise.all(
    outputNames(prediction).map(async (name, index) => {
      const image = await pictures.render(prediction, index);
      return `data:${contentTypeOf(name)};base64,${image.toString('base64')}`;
    }),
  );
}

/** Returns the names of a prediction's output files: `out-0.webp`, … */
export function outputNames({ model, input }: SimulatedPrediction): string[] {
  const { num_outputs: outputs, max_images: images, output_format: format } = effectiveInput(model, input);
  const count = Number(outputs ?? images ?? 1);
  return Array.from({ length: count }, (_, index) => `out-${index}.${format ?? model.outputFormat}`);
}

/**
 * Writes the answer of a vision model about its input images, in the pieces that it would stream: a
 * grade from 1 to 10, always the same for the same images and prompt.
 */
export async function writeAnswer(prediction: SimulatedPrediction, uploads: Uploads): Promise<string[]> {
  const seen = createHash('sha256').update(String(prediction.input.prompt));
  for (const { bytes } of await loadInputImages(prediction, uploads)) seen.update(await pixelsOf(bytes));
  const grade = createRandom(seen.digest('hex')).between(1, 10).toFixed(1);
  const [whole = '', tenths = ''] = grade.split('.');
  return ['I ', 'give ', 'it ', whole, '.', tenths, '.'];
}

/** Returns the pixels of an image at a small size, without its metadata: all that a model sees. */
async function pixelsOf(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(bytes).resize(32, 32, { fit: 'fill' }).raw().toBuffer();
}
