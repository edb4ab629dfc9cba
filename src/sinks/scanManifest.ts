import type { FileHandle } from 'node:fs/promises';
import { createLineIndex, type LineIndex, type LinePlace } from './createLineIndex.ts';
import { parseOutcome } from './parseOutcome.ts';

const NEWLINE = 0x0a;
const READ_BYTES = 1 << 20;
/** `append` writes the index first, so that a scan need not parse a million lines. */
const LINE_START = /^\{"index":(\d+),/;
const LINE_START_BYTES = 32;

export interface ManifestScan {
  readonly index: LineIndex;
  /** Where the next line belongs: behind the last whole one. */
  readonly endBytes: number;
}

/**
 * Finds each job's newest line in `manifest.jsonl`, in one pass and flat memory. What a crash left at the end, a torn
 * line or one that is no outcome, is not counted: `endBytes` lies before it.
 */
export async function scanManifest(handle: FileHandle): Promise<ManifestScan> {
  const index = createLineIndex();
  // The last line is entered only once it has proved to be an outcome.
  let last = { jobIndex: -1, offsetBytes: 0, lengthBytes: 0 };
  for await (const { line, offsetBytes } of wholeLines(handle)) {
    if (last.jobIndex >= 0) index.set(last.jobIndex, last);
    last = { jobIndex: jobIndexOf(line), offsetBytes, lengthBytes: line.length };
  }
  if (!(await isOutcome(handle, last))) return { index, endBytes: last.offsetBytes };
  index.set(last.jobIndex, last);
  return { index, endBytes: last.offsetBytes + last.lengthBytes + 1 };
}

async function isOutcome(handle: FileHandle, { offsetBytes, lengthBytes }: LinePlace): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
  return parseOutcome(buffer.toString('utf8')) !== undefined;
}

/** The job index that a line begins with; -1 where it begins otherwise. */
function jobIndexOf(line: Buffer): number {
  const digits = LINE_START.exec(line.toString('latin1', 0, LINE_START_BYTES))?.[1];
  return digits === undefined ? -1 : Number(digits);
}

/** Every line that ends with a newline, without it. */
async function* wholeLines(handle: FileHandle): AsyncGenerator<{ line: Buffer; offsetBytes: number }> {
  let rest = Buffer.alloc(0);
  let offsetBytes = 0;
  for (let readTo = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, readTo);
    if (bytesRead === 0) return;
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
