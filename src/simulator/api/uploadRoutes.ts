import { createHmac, timingSafeEqual } from 'node:crypto';
import multipart, { type Multipart } from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { problem } from '../engine/faults.ts';
import type { Upload } from '../engine/uploads.ts';
import { signingSecret } from '../engine/webhooks.ts';
import { type ApiContext, apiUrlOf, pageOf } from './context.ts';

const MAX_FILE_BYTES = 100_000_000;

type FileRoute = { Params: { id: string } };

/** Registers the routes of `/files`: upload, list, show, delete, and download by signature. */
export async function uploadRoutes(api: FastifyInstance, { uploads }: ApiContext): Promise<void> {
  // Two, because clients may send the metadata as a separate file.
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

const LONGEST_NAME_BYTES = 255;

type UploadParts = Pick<Upload, 'name' | 'contentType' | 'content' | 'metadata'>;

/** Reads the parts `content` and `metadata` of an upload. Returns a text if they are wrong. */
async function readUpload(parts: AsyncIterable<Multipart>): Promise<UploadParts | string> {
  let file: Omit<UploadParts, 'metadata'> | null = null;
  let metadata: unknown = {};
  for await (const part of parts) {
    const content = part.type === 'file' ? await part.toBuffer() : Buffer.from(String(part.value));
    if (part.fieldname === 'content' && part.type === 'file') {
      file = { name: part.filename, contentType: part.mimetype, content };
    }
    if (part.fieldname === 'metadata') metadata = jsonOf(content);
  }
  if (file === null) return 'Missing content';
  if (metadata === undefined) return 'Expected metadata to be valid JSON';
  const isTooLong = Buffer.byteLength(file.name) > LONGEST_NAME_BYTES;
  return isTooLong ? 'Expected a filename of at most 255 bytes' : { ...file, metadata };
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}

/** Returns an uploaded file as the API shows it. */
function uploadJson(upload: Upload, apiUrl: string) {
  const { id, name, contentType, content, metadata, checksums, createdAtMs, expiresAtMs } = upload;
  return {
    id,
    name,
    content_type: contentType,
    size: content.length,
    etag: checksums.md5,
    checksums,
    metadata,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: new Date(expiresAtMs).toISOString(),
    urls: { get: `${apiUrl}/files/${id}` },
  };
}

/**
 * Returns true if the query of a download has a valid signature that has not expired: the base64 of
 * the HMAC-SHA256 of `{owner} {id} {expiry}`, with `expiry` in seconds since 1970.
 */
function isSignedFor(id: string, query: Readonly<Record<string, string>>): boolean {
  const { owner = '', expiry = '', signature = '' } = query;
  const right = createHmac('sha256', signingSecret).update(`${owner} ${id} ${expiry}`).digest();
  const given = Buffer.from(signature, 'base64');
  const isFresh = Number(expiry) * 1_000 > Date.now();
  return isFresh && given.length === right.length && timingSafeEqual(given, right);
}

const account = {
  type: 'user',
  username: 'simulator',
  name: 'Simulated account',
  github_url: 'https://github.com/simulator',
  avatar_url: 'https://github.com/simulator.png',
};

const hardware = [
  { sku: 'cpu', name: 'CPU' },
  { sku: 'gpu-t4', name: 'Nvidia T4 GPU' },
  { sku: 'gpu-l40s', name: 'Nvidia L40S GPU' },
  { sku: 'gpu-a100-large', name: 'Nvidia A100 (80GB) GPU' },
  { sku: 'gpu-h100', name: 'Nvidia H100 GPU' },
];

/** Registers the routes of the account: its user, hardware and webhook secret. */
export function accountRoutes(api: FastifyInstance): void {
  api.get('/account', async () => account);
  api.get('/hardware', async () => hardware);
  api.get('/webhooks/default/secret', async () => ({ key: signingSecret }));
}
