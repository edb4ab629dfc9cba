import type { FileHandle } from 'node:fs/promises';
import { atPlace } from '../../disk/insideFolder.ts';
import { UsageError } from '../../errors.ts';

const NEWLINE = 0x0a;
const READ_BYTES = 1 << 20;

/**
 * Yields every line that ends with a newline, without the newline. Calls `onEnd` with the size of
 * the file.
 */
export async function* wholeLines(
  handle: FileHandle,
  onEnd: (sizeBytes: number) => void = () => {},
): AsyncGenerator<{ line: Buffer; offsetBytes: number }> {
  let rest = Buffer.alloc(0);
  let offsetBytes = 0;
  for (let readTo = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, readTo);
    if (bytesRead === 0) return onEnd(readTo);
    readTo += bytesRead;
    const chunk = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield { line: chunk.subarray(start, end), offsetBytes };
      offsetBytes += end + 1 - start;
      start = end + 1;
    }
    rest = chunk.subarray(start);
  }
}

/** Where a line of an open file is. */
export interface LinePlace {
  readonly handle: FileHandle;
  readonly path: string;
  readonly offsetBytes: number;
}

/** Runs `parse`, and puts path and number of the line before the message of a `UsageError`. */
export async function atLine<T>({ handle, path, offsetBytes }: LinePlace, parse: () => T): Promise<T> {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    let line = 1;
    for await (const { offsetBytes: start } of wholeLines(handle)) {
      if (start >= offsetBytes) break;
      line += 1;
    }
    throw atPlace(`${path}:${line}`, error);
  }
}
