import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { importPackage } from '../../disk/storageError.ts';
import { DownloadError, option } from '../../errors.ts';
import { asDecodingFault, contentDecoders } from './contentEncoding.ts';
import { readDataUrl } from './dataUrl.ts';
import { refusedDownload, shownUrl } from './downloadErrors.ts';
import { type LeastPaceConfig, watchPace } from './pace.ts';
import { anywhere, type Reach } from './reach.ts';
import { Intake, type ReceivedFile } from './receivedFile.ts';

export interface ReceiveConfig {
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Addresses that are reached, redirects included. Default: any. */
  readonly reach?: Reach;
  /** A slower transfer is broken off. Default: only silence is. */
  readonly leastPace?: LeastPaceConfig;
}

/**
 * Receives the content of a URL (`https:`, `http:`, `data:`): a small one in memory, a larger one
 * in a file at `path`, which is not flushed. Rejects with `DownloadError` if it is refused, empty,
 * cut or too large, else with the error of the network or the disk.
 */
export async function receiveFile(url: string, path: string, config: ReceiveConfig): Promise<ReceivedFile> {
  const meter = createByteMeter(url, config.maxBytes);
  let content: Buffer | null;
  if (/^data:/i.test(url)) {
    // It is in memory anyway.
    content = await readDataUrl(url, config.maxBytes);
    meter.pass(content);
  } else if (/^https?:/i.test(url) && URL.canParse(url)) {
    content = await streamTo(path, url, meter, config);
  } else {
    throw new DownloadError(
      'ERR_UNSUPPORTED_URL',
      `Expected the output at an https:, http: or data: URL, got ${shownUrl(url)}`,
      { suggestion: 'Check that the model makes images.' },
    );
  }
  return { ...meter.result(), content };
}

async function streamTo(
  path: string,
  url: string,
  meter: ByteMeter,
  config: ReceiveConfig,
): Promise<Buffer | null> {
  const { signal, leastPace } = config;
  const source = await openStream(url, config);
  // Without a listener an error, as after a refusal, would end the process; `pipeline` has its own.
  source.on('error', () => {});
  const [{ statusCode, headers }] = await once(source, 'response', { signal });
  let decoders: Transform[] = [];
  try {
    if (statusCode < 200 || statusCode > 299) throw refusedDownload(statusCode, url);
    if (statusCode === PARTIAL_CONTENT) throw onlyPart(url);
    decoders = contentDecoders(headers['content-encoding']);
    // The length is that of the compressed bytes.
    if (decoders.length === 0) meter.expect(headers['content-length']);
  } catch (error) {
    // The body of a refusal is not read.
    source.destroy();
    throw error;
  }
  const keepPace = leastPace === undefined ? () => {} : watchPace(shownUrl(url), leastPace);
  const intake = new Intake(path, (chunk) => {
    meter.pass(chunk);
    keepPace(chunk.length);
  });
  try {
    await pipeline([source, ...decoders, intake], { signal });
  } catch (error) {
    throw asDecodingFault(error);
  } finally {
    // A transfer may break off while the file is being opened: then the file would appear after the
    // caller's clean-up.
    await closed(intake);
  }
  return intake.content;
}

function closed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

async function openStream(url: string, config: ReceiveConfig) {
  const { connectTimeoutMs, idleTimeoutMs, signal, reach = anywhere } = config;
  reach.expect(new URL(url));
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { default: got } = await importPackage('got', () => import('got'));
  return got.stream(url, {
    retry: { limit: 0 },
    throwHttpErrors: false,
    timeout: {
      lookup: connectTimeoutMs,
      connect: connectTimeoutMs,
      secureConnect: connectTimeoutMs,
      socket: idleTimeoutMs,
      // Headers that come byte by byte are never silent.
      response: idleTimeoutMs,
    },
    ...(reach.lookup === undefined ? {} : { dnsLookup: reach.lookup }),
    hooks: { beforeRedirect: [({ url: next }) => reach.expect(new URL(next ?? ''))] },
    // Compressed bytes would not add up to the declared length.
    decompress: false,
    headers: { 'accept-encoding': 'identity', 'user-agent': 'rxposure' },
    signal,
  });
}

/** Counts, hashes and samples the bytes of one file. Throws `DownloadError` at the first fault. */
interface ByteMeter {
  /** Takes the length that the response declares, if any. */
  expect(contentLength: string | undefined): void;
  pass(chunk: Buffer): void;
  result(): Omit<ReceivedFile, 'content'>;
}

const HEAD_BYTES = 64 * 1024;
const AGAIN = { recoverable: true, suggestion: 'Run the same command again.' };

/**
 * Creates a meter for the bytes of `url`. Its errors: `ERR_OUTPUT_TOO_LARGE`, `ERR_EMPTY_OUTPUT`,
 * `ERR_TRUNCATED`.
 */
function createByteMeter(url: string, maxBytes: number): ByteMeter {
  const hash = createHash('sha256');
  let bytes = 0;
  let declaredBytes: number | null = null;
  let head = Buffer.alloc(0);

  const refuseTooLarge = (size: number) => {
    if (size <= maxBytes) return;
    const message = `Expected at most ${maxBytes} bytes from ${shownUrl(url)}, got ${size} or more`;
    throw new DownloadError('ERR_OUTPUT_TOO_LARGE', message, {
      suggestion: `Raise ${option('--max-output')}, or ask the model for a smaller image.`,
    });
  };
  return {
    expect(contentLength) {
      if (contentLength === undefined) return;
      declaredBytes = Number(contentLength);
      refuseTooLarge(declaredBytes);
    },
    pass(chunk) {
      bytes += chunk.length;
      refuseTooLarge(bytes);
      hash.update(chunk);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    },
    result() {
      if (bytes === 0) {
        const message = `Expected an image from ${shownUrl(url)}, got an empty file`;
        throw new DownloadError('ERR_EMPTY_OUTPUT', message, AGAIN);
      }
      if (declaredBytes !== null && bytes !== declaredBytes) {
        const message = `Expected ${declaredBytes} bytes from ${shownUrl(url)}, got ${bytes}`;
        throw new DownloadError('ERR_TRUNCATED', message, AGAIN);
      }
      return { bytes, sha256: hash.digest('hex'), head };
    },
  };
}

/** The status of a response with a part of a file, which nothing here asks for. */
const PARTIAL_CONTENT = 206;

function onlyPart(url: string): DownloadError {
  const message = `Expected a whole file from ${shownUrl(url)}, got ${PARTIAL_CONTENT}: a part of it`;
  return new DownloadError('ERR_TRUNCATED', message, AGAIN);
}
