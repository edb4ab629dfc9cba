import { catchError, throwError } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { readInputFile } from '../../disk/copyFiles.ts';
import { ProviderError, RxposureError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { InputFile, UploadedFile } from '../../types.ts';
import { unreadableAnswer } from '../http/answerError.ts';
import { createFetchOnce } from '../http/fetchOnce.ts';
import type { CallerConfig } from './caller.ts';

/** The slowest line that an upload is given time for: a megabit a second. */
const SLOWEST_BYTES_PER_MS = 125;
/** The shortest life that the service documents. */
const SHORTEST_LIFE_MS = 3_600_000;

const moment = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())
  .optional()
  .catch(undefined);
const answer = z.looseObject({
  urls: z.looseObject({ get: z.string().min(1) }),
  created_at: moment,
  expires_at: moment,
  checksums: z.looseObject({ sha256: z.string().optional() }).optional().catch(undefined),
});

/**
 * `POST /files`. The official client's own way is not used: it knows neither time-outs nor types, and its encoding of inputs
 * uploads equal files twice.
 */
export function createUpload(config: CallerConfig): NonNullable<Provider['uploadFile']> {
  const { token, baseUrl, requestTimeoutMs = 30_000, ...rest } = config;
  return (file) =>
    fromAbortable(async (signal) => {
      const form = new FormData();
      form.append('content', new Blob([await readInputFile(file)], { type: file.mediaType }), file.name);
      const send = createFetchOnce({
        ...rest,
        signal,
        timeoutMs: requestTimeoutMs + file.bytes / SLOWEST_BYTES_PER_MS,
        headers: { authorization: `Bearer ${token}`, 'user-agent': 'rxposure' },
        secret: token,
        onStatus: () => {},
      });
      const response = await send(`${baseUrl}/files`, { method: 'POST', body: form });
      return uploaded(file, answer.parse(await response.json()), config.now());
    }).pipe(
      catchError((error: unknown) =>
        throwError(() => (error instanceof RxposureError ? error : unreadableAnswer(false, error))),
      ),
    );
}

/** Its life is told by the service's clock on both ends, so the local one need not be right. */
function uploaded(
  { sha256, name }: InputFile,
  { urls, created_at: createdAtMs, expires_at: expiresAtMs, checksums }: z.infer<typeof answer>,
  nowMs: number,
): UploadedFile {
  if (checksums?.sha256 !== undefined && checksums.sha256 !== sha256) {
    throw new ProviderError('ERR_UPLOAD_DAMAGED', `The service has got another file than ${name}`, {
      recoverable: true,
      suggestion: 'Run the same command again.',
    });
  }
  const lifetimeMs =
    expiresAtMs === undefined ? SHORTEST_LIFE_MS : Math.max(0, expiresAtMs - (createdAtMs ?? nowMs));
  return { url: urls.get, lifetimeMs };
}
