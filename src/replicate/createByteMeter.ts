import { createHash } from 'node:crypto';
import { DownloadError } from '../errors.ts';
import { shownUrl } from './shownUrl.ts';

/** What was seen while a file went by. */
export interface ReceivedFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Whether its length was told, and kept. */
  readonly hasToldLength: boolean;
  /** The first and last bytes, enough to tell what it is and whether it is whole. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** Counts, hashes and samples the bytes of one file. Throws `DownloadError` as soon as something is wrong with them. */
export interface ByteMeter {
  /** Takes the length that was told, where one was. */
  expect(contentLength: string | undefined): void;
  pass(chunk: Buffer): void;
  result(): ReceivedFile;
}

const HEAD_BYTES = 4_100;
const TAIL_BYTES = 64;
const AGAIN = { recoverable: true, suggestion: 'Run the same command again.' };

/** A meter for what `url` gives; `ERR_OUTPUT_TOO_LARGE`, `ERR_EMPTY_OUTPUT` and `ERR_TRUNCATED` are its errors. */
export function createByteMeter(url: string, maxBytes: number): ByteMeter {
  const hash = createHash('sha256');
  let bytes = 0;
  let toldBytes: number | null = null;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);

  const refuseTooLarge = (size: number) => {
    if (size <= maxBytes) return;
    const message = `Expected at most ${maxBytes} bytes from ${shownUrl(url)}, got ${size} or more`;
    throw new DownloadError('ERR_OUTPUT_TOO_LARGE', message, {
      suggestion: 'Ask the model for a smaller picture.',
    });
  };
  return {
    expect(contentLength) {
      if (contentLength === undefined) return;
      toldBytes = Number(contentLength);
      refuseTooLarge(toldBytes);
    },
    pass(chunk) {
      bytes += chunk.length;
      refuseTooLarge(bytes);
      hash.update(chunk);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    },
    result() {
      if (bytes === 0) {
        const message = `Expected an image from ${shownUrl(url)}, got an empty file`;
        throw new DownloadError('ERR_EMPTY_OUTPUT', message, AGAIN);
      }
      if (toldBytes !== null && bytes !== toldBytes) {
        const message = `Expected ${toldBytes} bytes from ${shownUrl(url)}, got ${bytes}`;
        throw new DownloadError('ERR_TRUNCATED', message, AGAIN);
      }
      return { bytes, sha256: hash.digest('hex'), hasToldLength: toldBytes !== null, head, tail };
    },
  };
}
