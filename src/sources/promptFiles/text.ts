import type { Snapshot } from '../../disk/snapshot.ts';
import { asFileHandleShortage, fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';

/** A file of text. Each call of `chunks` reads it from its beginning. */
export type TextFile = Pick<Snapshot, 'path' | 'bytes' | 'chunks'>;

/**
 * Reads a file chunk by chunk: UTF-8, or UTF-16 by its byte order mark, without that mark; with
 * `\n` as every line end (CRLF, CR), and U+FFFD for bytes that are no letters. Throws `UsageError`
 * if the file cannot be read.
 */
export async function* readText({ path, chunks }: TextFile): AsyncGenerator<string, void, void> {
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let heldCr = '';
  try {
    for await (const bytes of chunks()) {
      decoder ??= new TextDecoder(encodingOf(bytes));
      const text = heldCr + decoder.decode(bytes, { stream: true });
      // A line end may be cut in two at the end of a chunk.
      heldCr = text.endsWith('\r') ? '\r' : '';
      const whole = heldCr === '' ? text : text.slice(0, -1);
      if (whole !== '') yield whole.includes('\r') ? whole.replaceAll(/\r\n?/g, '\n') : whole;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const rest = heldCr + (decoder?.decode() ?? '');
  if (rest !== '') yield rest.replace('\r', '\n');
}

/** Returns the encoding by the first bytes of a text: UTF-16 has a byte order mark. */
export function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/** Turns the system's error about a prompt file into ours; returns any other as it is. */
export function unreadable(path: string, cause: unknown): unknown {
  const shortage = asFileHandleShortage(cause, path);
  if (shortage !== null) return shortage;
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause;
  return new UsageError(`${path}: Expected a readable prompt file, got ${fileProblem(cause)}`, {
    suggestion: 'Check that it exists and is readable.',
    cause,
  });
}

/** Maximum length of a row, so that a file without line ends cannot fill the memory. */
export const maxRowChars = 1_000_000;

/** The lines of one chunk of a file. */
interface LineBatch {
  /** 1-based number of the first line. */
  readonly firstLine: number;
  /** Lines without their ends. A line longer than `maxRowChars` is null: it was not stored. */
  readonly lines: readonly (string | null)[];
}

/**
 * Reads all lines of a file, in batches, as a step of an async iterator costs more than handling a
 * line.
 */
export async function* readLines(file: TextFile): AsyncGenerator<LineBatch, void, void> {
  let firstLine = 1;
  let open: string | null = '';
  for await (const text of readText(file)) {
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

/** Joins the parts of a line. Null stays null: the rest of a line that is too long is skipped. */
function joined(open: string | null, more: string | null): string | null {
  if (open === null || more === null) return null;
  const line = open + more;
  return line.length > maxRowChars ? null : line;
}
