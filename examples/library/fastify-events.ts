// A route that sends each image as a server-sent event once it is saved. All requests share slots,
// pace and budget; if a browser disconnects, no further job begins for it.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import fastify from 'fastify';
import { createSession, images } from 'rxposure';

const session = createSession({ concurrency: 20, budgetUsd: 50 });
const app = fastify();

app.get<{ Querystring: { prompt: string } }>('/images', ({ query }, reply) => {
  reply.type('text/event-stream').send(Readable.from(events(query.prompt)));
});

async function* events(prompt: string) {
  const to = `out/web/${randomUUID()}`;
  const run = images([prompt], { model: 'black-forest-labs/flux-schnell', to, count: 3, session });
  for await (const { files } of run) yield `event: image\ndata: ${JSON.stringify(files)}\n\n`;
  yield `event: end\ndata: ${JSON.stringify((await run).totals)}\n\n`;
}

console.log('Listening at', await app.listen({ port: Number(process.env.PORT ?? 3000) }));
