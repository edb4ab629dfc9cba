import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem } from './problem.ts';

interface UploadedFile {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly createdAtMs: number;
}

/** Files that were uploaded as inputs. */
export interface UploadedFiles {
  routes(api: FastifyInstance, apiUrl: (request: FastifyRequest) => string): void;
  /** The content behind the URL of an uploaded file; null where it is no such URL. */
  contentOf(url: string): Buffer | null;
}

const LIFETIME_MS = 24 * 3_600_000;

/** The `/files` part of the API, in memory. */
export function createUploadedFiles(): UploadedFiles {
  const files = new Map<string, UploadedFile>();
  const show = (file: UploadedFile, apiUrl: string) => ({
    id: file.id,
    name: file.name,
    content_type: file.contentType,
    size: file.content.length,
    etag: createHash('md5').update(file.content).digest('hex'),
    checksums: { sha256: createHash('sha256').update(file.content).digest('hex') },
    metadata: {},
    created_at: new Date(file.createdAtMs).toISOString(),
    expires_at: new Date(file.createdAtMs + LIFETIME_MS).toISOString(),
    urls: { get: `${apiUrl}/files/${file.id}` },
  });
  return {
    contentOf(url) {
      const id = /\/v1\/files\/([\w-]+)$/.exec(url)?.[1];
      return (id === undefined ? undefined : files.get(id))?.content ?? null;
    },
    routes(api, apiUrl) {
      api.post('/files', async (request, reply) => {
        const part = request.isMultipart() ? await request.file() : undefined;
        if (part === undefined) return problem(reply, { status: 400, detail: 'Missing content' });
        const content = await part.toBuffer();
        const file: UploadedFile = {
          id: Buffer.from(randomUUID()).toString('base64url'),
          name: part.filename,
          contentType: part.mimetype,
          content,
          createdAtMs: Date.now(),
        };
        files.set(file.id, file);
        return reply.code(201).send(show(file, apiUrl(request)));
      });
      api.get('/files', async (request) => ({
        next: null,
        previous: null,
        results: [...files.values()].reverse().map((file) => show(file, apiUrl(request))),
      }));
      api.get<{ Params: { id: string } }>('/files/:id', async (request, reply) => {
        const file = files.get(request.params.id);
        return file === undefined
          ? problem(reply, { status: 404, detail: 'File not found' })
          : show(file, apiUrl(request));
      });
      api.delete<{ Params: { id: string } }>('/files/:id', async (request, reply) =>
        files.delete(request.params.id)
          ? reply.code(204).send()
          : problem(reply, { status: 404, detail: 'File not found' }),
      );
    },
  };
}
