import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DownloadError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import { type ByteMeter, createByteMeter, type ReceivedFile } from './createByteMeter.ts';
import { readDataUrl } from './readDataUrl.ts';
import { refusedDownload } from './refusedDownload.ts';
import { shownUrl } from './shownUrl.ts';

export interface ReceiveConfig {
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Writes what a URL (`https:`, `http:`, `data:`) holds to a file, flushed. Rejects with `DownloadError` where it is
 * refused, empty, cut or too large, else with what the network or the disk said.
 */
export async function receiveFile(url: string, path: string, config: ReceiveConfig): Promise<ReceivedFile> {
  const meter = createByteMeter(url, config.maxBytes);
  if (/^data:/i.test(url)) {
    const data = await readDataUrl(url, config.maxBytes);
    meter.pass(data);
    await writeFile(path, data, { flush: true });
  } else if (/^https?:/i.test(url) && URL.canParse(url)) {
    await streamTo(path, url, meter, config);
  } else {
    throw new DownloadError(
      'ERR_UNSUPPORTED_URL',
      `Expected the output at an https:, http: or data: URL, got ${shownUrl(url)}`,
      { suggestion: 'Check that the model makes images.' },
    );
  }
  return meter.result();
}

async function streamTo(path: string, url: string, meter: ByteMeter, config: ReceiveConfig): Promise<void> {
  const { signal } = config;
  const source = await openStream(url, config);
  // Errors that come while nobody listens, as after a refusal, must not end the process; `pipeline` sees its own.
  source.on('error', () => {});
  const [{ statusCode, headers }] = await once(source, 'response', { signal });
  try {
    if (statusCode < 200 || statusCode > 299) throw refusedDownload(statusCode, url);
    meter.expect(headers['content-length']);
  } catch (error) {
    // The body of a refusal is of no interest, however long.
    source.destroy();
    throw error;
  }
  const metered = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      meter.pass(chunk);
      yield chunk;
    }
  };
  const target = createWriteStream(path, { flush: true });
  try {
    await pipeline(source, metered, target, { signal });
  } finally {
    // A transfer may break off while the file is only being opened: it would appear after whoever cleans up has done so.
    await closed(target);
  }
}

function closed(target: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (target.closed) resolve();
    else target.once('close', resolve);
  });
}

async function openStream(url: string, { connectTimeoutMs, idleTimeoutMs, signal }: ReceiveConfig) {
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { default: got } = await loaded(import('got'), 'got');
  return got.stream(url, {
    retry: { limit: 0 },
    throwHttpErrors: false,
    timeout: {
      lookup: connectTimeoutMs,
      connect: connectTimeoutMs,
      secureConnect: connectTimeoutMs,
      socket: idleTimeoutMs,
    },
    // Compressed bytes would not add up to the length that is told.
    decompress: false,
    headers: { 'accept-encoding': 'identity', 'user-agent': 'rxposure' },
    signal,
  });
}
