import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openOwn } from '../../disk/ownFiles.ts';
import { isMissing, toStorageError } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import { createLineIndex, type LineRange } from './jsonLines.ts';
import { outcomeSchema } from './readOutcomes.ts';
import { atLine, wholeLines } from './wholeLines.ts';

/** A result that the input no longer asks for. */
export interface UnusedResult {
  /** Identifies its job in the journal. */
  readonly id: number;
  /** Its outcome, with the index that it had last. */
  readonly outcome: Outcome;
}

/** The results of a run folder that its input no longer asks for. */
export interface UnusedResults {
  /** Reads the outcome of a job; null if it is not among them. */
  find(id: number): Promise<Outcome | null>;
  all(): AsyncIterable<UnusedResult>;
  close(): Promise<void>;
}

/** The file of a run folder that lists results which the input no longer asks for. */
export const unusedFileName = 'unused.jsonl';

const lineSchema = z.object({ id: z.int(), outcome: outcomeSchema });

/**
 * Opens the list of unused results of a run folder. Memory: 12 bytes each. Rejects with
 * `UsageError` at a line that names a file outside of the folder.
 */
export async function openUnusedResults(folder: string): Promise<UnusedResults> {
  const path = join(folder, unusedFileName);
  const handle = await openOwn(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw toStorageError(error, path);
  });
  if (handle === null) {
    return { find: async () => null, all: async function* () {}, close: async () => {} };
  }
  const index = createLineIndex();
  try {
    for await (const { line, offsetBytes } of wholeLines(handle)) {
      const result = await atLine({ handle, path, offsetBytes }, () => resultOf(line));
      if (result !== null) index.set(result.id, { offsetBytes, lengthBytes: line.length });
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    find: async (id) => {
      const range = index.get(id);
      return range === undefined ? null : ((await read(handle, range))?.outcome ?? null);
    },
    async *all() {
      for (let id = 0; id < index.end; id += 1) {
        const range = index.get(id);
        const result = range === undefined ? null : await read(handle, range);
        if (result !== null) yield result;
      }
    },
    close: () => handle.close(),
  };
}

/** Yields the unused results of a run folder; none if there is no list. */
export async function* unusedResults(folder: string): AsyncGenerator<UnusedResult> {
  const results = await openUnusedResults(folder);
  try {
    yield* results.all();
  } finally {
    await results.close();
  }
}

/** Returns the line of a result in `unused.jsonl`. */
export function unusedLine({ id, outcome }: UnusedResult): string {
  return `${JSON.stringify({ id, outcome })}\n`;
}

async function read(
  handle: FileHandle,
  { offsetBytes, lengthBytes }: LineRange,
): Promise<UnusedResult | null> {
  const { buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
  return resultOf(buffer);
}

function resultOf(line: Buffer): UnusedResult | null {
  try {
    return lineSchema.parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
}
