import Fastify, { type FastifyInstance } from 'fastify';
import { applyFault } from './applyFault.ts';
import { contentTypeOf } from './contentTypeOf.ts';
import type { Counters } from './createCounters.ts';
import type { Predictions } from './createPredictions.ts';
import { isRemoved } from './isRemoved.ts';
import type { Pictures } from './pictures/createPictures.ts';
import { problem } from './problem.ts';
import type { SimulatorSettings } from './readSettings.ts';
import { sendFile } from './sendFile.ts';
import { spoilFile } from './spoilFile.ts';

export interface FileServerConfig {
  settings: SimulatorSettings;
  predictions: Predictions;
  pictures: Pictures;
  counters: Counters;
}

/** The host of output files: a port of its own, no credentials asked. A picture is drawn when it is fetched. */
export function fileServer({ settings, predictions, pictures, counters }: FileServerConfig): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  const missing = { status: 404, detail: 'Not found' };
  server.setNotFoundHandler((_request, reply) => problem(reply, missing));
  server.get<{ Params: { id: string; name: string } }>('/xezq/:id/:name', async (request, reply) => {
    counters.countDownload(request.headers.authorization !== undefined);
    const { id, name } = request.params;
    const prediction = predictions.get(id);
    const place = prediction?.outputs.findIndex((url) => url.endsWith(`/${name}`)) ?? -1;
    if (prediction === undefined || place < 0 || isRemoved(prediction, settings)) {
      return problem(reply, missing);
    }
    const fault = settings.faults.onFile?.(prediction, place) ?? null;
    const picture = await pictures.render(prediction, place);
    reply.type(contentTypeOf(name));
    switch (fault?.type) {
      case 'cut':
      case 'truncate':
      case 'stall':
      case 'slow':
        return spoilFile(reply, picture, fault);
      default:
        return (await applyFault(fault ?? null, reply))
          ? reply
          : sendFile(reply, picture, request.headers.range);
    }
  });
  return server;
}
