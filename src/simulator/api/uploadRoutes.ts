import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { problem } from '../problem.ts';
import type { ApiContext } from './ApiContext.ts';
import { apiUrlOf } from './apiUrlOf.ts';
import { isSignedFor } from './isSignedFor.ts';
import { pageOf } from './pageOf.ts';
import { readUpload } from './readUpload.ts';
import { uploadJson } from './uploadJson.ts';

const MAX_FILE_BYTES = 100_000_000;

type FileRoute = { Params: { id: string } };

/** `/files`: upload, list, show, delete, and download by signature. */
export async function uploadRoutes(api: FastifyInstance, { uploads }: ApiContext): Promise<void> {
  // Two, because clients may send the metadata as a file of their own.
  await api.register(multipart, { limits: { fileSize: MAX_FILE_BYTES, files: 2 } });
  const noFile = { status: 404, detail: 'File not found' };

  api.post('/files', async (request, reply) => {
    const upload = request.isMultipart() ? await readUpload(request.parts()) : 'Missing content';
    if (typeof upload === 'string') return problem(reply, { status: 400, detail: upload });
    return reply.code(201).send(uploadJson(uploads.add(upload), apiUrlOf(request)));
  });
  api.get('/files', async (request) =>
    pageOf(uploads.all().map((upload) => uploadJson(upload, apiUrlOf(request)))),
  );
  api.get<FileRoute>('/files/:id', async (request, reply) => {
    const upload = uploads.get(request.params.id);
    return upload === undefined ? problem(reply, noFile) : uploadJson(upload, apiUrlOf(request));
  });
  api.delete<FileRoute>('/files/:id', async ({ params }, reply) =>
    uploads.delete(params.id) ? reply.code(204).send() : problem(reply, noFile),
  );
  api.get<FileRoute & { Querystring: Record<string, string> }>(
    '/files/:id/download',
    async (request, reply) => {
      const upload = uploads.get(request.params.id);
      if (upload === undefined || !isSignedFor(upload.id, request.query)) return problem(reply, noFile);
      return reply.type(upload.contentType).send(upload.content);
    },
  );
}
