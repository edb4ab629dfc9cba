import { createReadStream } from 'node:fs';
import { UsageError } from '../errors.ts';
import { handleShortage } from '../handleShortage.ts';

/** Measured: larger chunks are slower and take more memory, as their rows outlive the young generation. */
const chunkBytes = 64 * 1024;

/**
 * The text of a UTF-8 file, chunk by chunk: without byte order mark, every line end a `\n`, bytes that are not UTF-8
 * as U+FFFD. Throws `UsageError` where the file cannot be read.
 */
export async function* readText(path: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder('utf-8');
  let heldCr = '';
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: chunkBytes })) {
      const text = heldCr + decoder.decode(bytes, { stream: true });
      // A line end may be cut in two by the chunk's edge.
      heldCr = text.endsWith('\r') ? '\r' : '';
      const whole = heldCr === '' ? text : text.slice(0, -1);
      if (whole !== '') yield whole.includes('\r') ? whole.replaceAll('\r\n', '\n') : whole;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const rest = heldCr + decoder.decode();
  if (rest !== '') yield rest;
}

function unreadable(path: string, cause: unknown): unknown {
  const shortage = handleShortage(cause, path);
  if (shortage !== null) return shortage;
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause;
  return new UsageError(`Expected a readable prompt file, got ${cause.message}`, {
    suggestion: `Check that ${path} exists and may be read.`,
    cause,
  });
}
