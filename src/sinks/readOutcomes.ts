import type { FileHandle } from 'node:fs/promises';
import { StorageError } from '../errors.ts';
import type { Outcome } from '../types.ts';
import type { LineIndex, LinePlace } from './createLineIndex.ts';
import { parseOutcome } from './parseOutcome.ts';

/** Jobs whose lines are fetched together. */
const JOBS_AT_A_TIME = 256;
/** Lines that lie further apart than this are fetched one by one. */
const MAX_READ_BYTES = 4 << 20;

/**
 * Reads the newest outcome of each job from `manifest.jsonl`, in input order, in flat memory: jobs end in about the order
 * in which they began, so the lines of some hundred neighbours mostly come with one read.
 *
 * Throws `StorageError` (`ERR_MANIFEST_DAMAGED`) at a line that is no outcome.
 */
export async function* readOutcomes(
  handle: FileHandle,
  index: LineIndex,
  path: string,
): AsyncGenerator<Outcome> {
  for (let from = 0; from < index.end; from += JOBS_AT_A_TIME) {
    const places = placesBetween(index, from, Math.min(from + JOBS_AT_A_TIME, index.end));
    for await (const { line, offsetBytes } of readLines(handle, places)) {
      const outcome = parseOutcome(line);
      if (outcome === undefined) throw damaged(path, offsetBytes);
      yield outcome;
    }
  }
}

function placesBetween(index: LineIndex, from: number, to: number): LinePlace[] {
  const places: LinePlace[] = [];
  for (let job = from; job < to; job += 1) {
    const place = index.get(job);
    if (place !== undefined) places.push(place);
  }
  return places;
}

async function* readLines(
  handle: FileHandle,
  places: readonly LinePlace[],
): AsyncGenerator<{ line: string; offsetBytes: number }> {
  if (places.length === 0) return;
  const start = Math.min(...places.map(({ offsetBytes }) => offsetBytes));
  const end = Math.max(...places.map(({ offsetBytes, lengthBytes }) => offsetBytes + lengthBytes));
  const together = end - start <= MAX_READ_BYTES;
  const block = together ? await read(handle, start, end - start) : null;
  for (const { offsetBytes, lengthBytes } of places) {
    const bytes =
      block?.subarray(offsetBytes - start, offsetBytes - start + lengthBytes) ??
      (await read(handle, offsetBytes, lengthBytes));
    yield { line: bytes.toString('utf8'), offsetBytes };
  }
}

async function read(handle: FileHandle, offsetBytes: number, lengthBytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
  return buffer.subarray(0, bytesRead);
}

function damaged(path: string, offsetBytes: number): StorageError {
  return new StorageError(
    'ERR_MANIFEST_DAMAGED',
    `Expected an outcome in ${path} at byte ${offsetBytes}, got a line that is none.`,
    { suggestion: 'Delete that line, or restore the file, and run the same command again.' },
  );
}
