import { createReadStream } from 'node:fs';
import { asFileHandleShortage } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';

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
  const shortage = asFileHandleShortage(cause, path);
  if (shortage !== null) return shortage;
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause;
  return new UsageError(`Expected a readable prompt file, got ${cause.message}`, {
    suggestion: `Check that ${path} exists and may be read.`,
    cause,
  });
}

/** The longest row that is read. A file without line ends must not fill the memory. */
export const maxRowChars = 1_000_000;

/** The lines of one chunk of a file. */
interface LineBatch {
  /** 1-based number of the first one. */
  readonly firstLine: number;
  /** Without line ends. A line above `maxRowChars` comes as null: it was skipped, not kept. */
  readonly lines: readonly (string | null)[];
}

/** All lines of a file, in batches: a step of an async iterator costs more than a line is worth. */
export async function* readLines(path: string): AsyncGenerator<LineBatch, void, void> {
  let firstLine = 1;
  let open: string | null = '';
  for await (const text of readText(path)) {
    const pieces: (string | null)[] = text.split('\n');
    pieces[0] = joined(open, pieces[0] ?? null);
    open = pieces.pop() ?? null;
    if (open !== null && open.length > maxRowChars) open = null;
    if (pieces.length === 0) continue;
    yield { firstLine, lines: pieces };
    firstLine += pieces.length;
  }
  if (open !== '') yield { firstLine, lines: [open] };
}

/** Null stays null: the rest of a line that is too long is passed over. */
function joined(open: string | null, more: string | null): string | null {
  if (open === null || more === null) return null;
  const line = open + more;
  return line.length > maxRowChars ? null : line;
}
