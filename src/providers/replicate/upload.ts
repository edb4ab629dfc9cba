import { catchError, throwError } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { createRedact } from '../../base/secrets.ts';
import { readInputFile } from '../../disk/copyFiles.ts';
import { ProviderError, RxposureError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { InputFile, UploadedFile } from '../../types.ts';
import { createFetchOnce } from '../http/fetchOnce.ts';
import { unreadableResponse } from '../http/responseError.ts';
import type { CallerConfig } from './caller.ts';

/** The slowest connection that uploads have time for: a megabit a second. */
const SLOWEST_BYTES_PER_MS = 125;
/** The shortest life of a file that the service documents. */
const SHORTEST_LIFE_MS = 3_600_000;

const moment = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())
  .optional()
  .catch(undefined);
const fileBody = z.looseObject({
  urls: z.looseObject({ get: z.string().min(1) }),
  created_at: moment,
  expires_at: moment,
  checksums: z.looseObject({ sha256: z.string().optional() }).optional().catch(undefined),
});

/**
 * Creates `uploadFile`, a `POST /files`. It bypasses the official client, which has neither
 * timeouts nor types for files and uploads identical files twice.
 */
export function createUpload(config: CallerConfig): NonNullable<Provider['uploadFile']> {
  const { token, baseUrl, secrets = [], requestTimeoutMs = 30_000, ...rest } = config;
  const redact = createRedact([token, ...secrets]);
  return (file) =>
    fromAbortable(async (signal) => {
      const { body, contentType } = await multipart(file);
      const send = createFetchOnce({
        ...rest,
        signal,
        timeoutMs: requestTimeoutMs + file.bytes / SLOWEST_BYTES_PER_MS,
        headers: {
          authorization: `Bearer ${token}`,
          'user-agent': 'rxposure',
          'content-type': contentType,
        },
        redact,
        onStatus: () => {},
      });
      const response = await send(`${baseUrl}/files`, { method: 'POST', body });
      return uploaded(file, fileBody.parse(await response.json()), config.now());
    }).pipe(
      catchError((error: unknown) =>
        throwError(() => (error instanceof RxposureError ? error : unreadableResponse(false, error))),
      ),
    );
}

/**
 * Encodes a file as the form that the service takes, in bytes. `fetch` does not get the form
 * itself: if it is called with a signal that is aborted already, Node still reads the form, and
 * ends the process with an unhandled rejection ("ReadableStream is already closed", Node 24).
 */
async function multipart(file: InputFile): Promise<{ body: Uint8Array<ArrayBuffer>; contentType: string }> {
  const form = new FormData();
  form.append('content', new Blob([await readInputFile(file)], { type: file.mediaType }), file.name);
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type') ?? 'multipart/form-data';
  return { body: new Uint8Array(await encoded.arrayBuffer()), contentType };
}

/** Takes both ends of a file's life from the service's clock: the local one may be wrong. */
function uploaded(
  { sha256, name }: InputFile,
  { urls, created_at: createdAtMs, expires_at: expiresAtMs, checksums }: z.infer<typeof fileBody>,
  nowMs: number,
): UploadedFile {
  if (checksums?.sha256 !== undefined && checksums.sha256 !== sha256) {
    throw new ProviderError('ERR_UPLOAD_DAMAGED', `The service received content that differs from ${name}`, {
      recoverable: true,
      suggestion: 'Run the same command again.',
    });
  }
  const lifetimeMs =
    expiresAtMs === undefined ? SHORTEST_LIFE_MS : Math.max(0, expiresAtMs - (createdAtMs ?? nowMs));
  return { url: urls.get, lifetimeMs };
}
