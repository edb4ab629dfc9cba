import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DownloadError } from '../errors.ts';
import { shownUrl } from './shownUrl.ts';

export interface ReceiveConfig {
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** What was seen while a file went by. */
export interface ReceivedFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The first and last bytes, enough to tell what it is and whether it is whole. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

const HEAD_BYTES = 4_100;
const TAIL_BYTES = 64;

/** Writes what a URL (`https:`, `http:`, `data:`) holds to a file, flushed. Rejects where it is empty, cut or too large. */
export async function receiveFile(url: string, path: string, config: ReceiveConfig): Promise<ReceivedFile> {
  const meter = createMeter(url, config.maxBytes);
  if (/^data:/i.test(url)) {
    const data = Buffer.from(await (await fetch(url)).arrayBuffer());
    meter.pass(data);
    await writeFile(path, data, { flush: true });
  } else {
    await streamTo(path, url, meter, config);
  }
  return meter.result();
}

async function streamTo(path: string, url: string, meter: Meter, config: ReceiveConfig): Promise<void> {
  const { connectTimeoutMs, idleTimeoutMs, signal } = config;
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { default: got } = await import('got');
  const source = got.stream(url, {
    retry: { limit: 0 },
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
  source.once('response', ({ headers }) => meter.expect(headers['content-length']));
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        meter.pass(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { flush: true }),
    { signal },
  );
}

type Meter = ReturnType<typeof createMeter>;

/** Counts, hashes and samples the bytes of one file. */
function createMeter(url: string, maxBytes: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  let expectedBytes: number | null = null;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);

  const refuseTooLarge = (size: number) => {
    if (size <= maxBytes) return;
    throw new DownloadError(
      'ERR_OUTPUT_TOO_LARGE',
      `Expected at most ${maxBytes} bytes from ${shownUrl(url)}, got ${size} or more`,
    );
  };
  return {
    expect(contentLength: string | undefined): void {
      expectedBytes = contentLength === undefined ? null : Number(contentLength);
    },
    pass(chunk: Buffer): void {
      if (expectedBytes !== null) refuseTooLarge(expectedBytes);
      bytes += chunk.length;
      refuseTooLarge(bytes);
      hash.update(chunk);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    },
    result(): ReceivedFile {
      if (bytes === 0) {
        throw new DownloadError(
          'ERR_EMPTY_OUTPUT',
          `Expected an image from ${shownUrl(url)}, got an empty file`,
          {
            recoverable: true,
            suggestion: 'Run the same command again.',
          },
        );
      }
      if (expectedBytes !== null && bytes !== expectedBytes) {
        throw new DownloadError(
          'ERR_TRUNCATED',
          `Expected ${expectedBytes} bytes from ${shownUrl(url)}, got ${bytes}`,
          {
            recoverable: true,
            suggestion: 'Run the same command again.',
          },
        );
      }
      return { bytes, sha256: hash.digest('hex'), head, tail };
    },
  };
}
