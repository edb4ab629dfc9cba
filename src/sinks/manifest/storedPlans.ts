import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { atPlace, storedPath } from '../../disk/insideFolder.ts';
import { openOwn, ownFlags } from '../../disk/ownFiles.ts';
import { isMissing, toStorageError } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { renditionSchema } from '../../renditions/lists.ts';
import type { Plan } from '../../types.ts';
import type { LineRange } from './jsonLines.ts';

/** Plans stored in a run folder, so that `collect` and `retryFailed` need no input file. */
interface StoredPlans {
  /**
   * Appends a plan and completes once it is flushed. Errors with `StorageError` if it cannot be
   * written.
   */
  store(plan: Plan): Observable<void>;
  /**
   * Reads the newest plan of each job, in input order. Yields nothing if none is stored. Throws
   * `UsageError` at a plan whose files would lie outside of the folder.
   */
  read(): AsyncGenerator<Plan>;
}

/**
 * Bytes that were only in memory are not stored: a job that needs them again fails with an error
 * about it.
 */
const inputFile = z.object({
  source: z
    .string()
    .nullable()
    .transform((path) => path ?? new Uint8Array()),
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  identity: z.string().exactOptional(),
  mediaType: z.string(),
});

const planSchema = z.object({
  index: z.int().nonnegative(),
  prompt: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  input: z.record(z.string(), z.json()),
  tags: z.record(z.string(), z.string()),
  renditions: z.array(renditionSchema),
  key: z.string(),
  resultKey: z.string().exactOptional(),
  priceMicroUsd: z.int().nullable(),
  path: storedPath,
  files: z.record(z.string(), inputFile).exactOptional(),
});

/**
 * Opens `detached.jsonl` (jobs whose predictions were left at the service) or `failed.jsonl` (jobs
 * that failed) of a run folder: a plan a line. Memory: the offset and length of each job's line,
 * only during a read.
 */
export function storedPlans(folder: string, which: 'detached' | 'failed'): StoredPlans {
  const path = join(folder, `${which}.jsonl`);
  // A line that a crash cut off must not spoil the next one.
  let separator = '\n';
  return {
    store: (plan) =>
      fromAbortable(() => {
        const line = `${separator}${planLine(plan)}`;
        separator = '';
        return appendLine(path, line).catch((error: unknown) => {
          throw toStorageError(error, path);
        });
      }),
    read: () => plansIn(path),
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  const handle = await openOwn(path, ownFlags.append);
  try {
    await handle.writeFile(line);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Returns the line of a plan, as `storedPlans` writes and reads it. */
export function planLine(plan: Plan): string {
  return `${JSON.stringify(storable(plan))}\n`;
}

/** Replaces the bytes of files by null; paths stay. */
function storable(plan: Plan): object {
  if (plan.files === undefined) return plan;
  const files = Object.entries(plan.files).map(([inputPath, file]) => {
    const source = typeof file.source === 'string' ? file.source : null;
    return [inputPath, { ...file, source }] as const;
  });
  return { ...plan, files: Object.fromEntries(files) };
}

async function* plansIn(path: string): AsyncGenerator<Plan> {
  const handle = await openOwn(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw toStorageError(error, path);
  });
  if (handle === null) return;
  try {
    const lines = await newestLines(handle, path);
    for (const [, { offsetBytes, lengthBytes }] of [...lines].sort(([a], [b]) => a - b)) {
      const { buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
      const plan = planOfLine(buffer.toString('utf8'));
      if (plan !== null) yield plan;
    }
  } catch (error) {
    throw error instanceof UsageError ? error : toStorageError(error, path);
  } finally {
    await handle.close();
  }
}

/** Finds the newest whole line of each job. */
async function newestLines(handle: FileHandle, path: string): Promise<Map<number, LineRange>> {
  const lines = new Map<number, LineRange>();
  let offsetBytes = 0;
  let number = 0;
  // One character per byte, so that a cut character keeps its length and U+2028 does not end a
  // line.
  const stream = handle.createReadStream({ autoClose: false, start: 0, encoding: 'latin1' });
  for await (const bytes of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const plan = planAt(`${path}:${number}`, Buffer.from(bytes, 'latin1').toString('utf8'));
    if (plan !== null) lines.set(plan.index, { offsetBytes, lengthBytes: bytes.length });
    offsetBytes += bytes.length + 1;
  }
  return lines;
}

function planAt(place: string, line: string): Plan | null {
  try {
    return planOfLine(line);
  } catch (error) {
    throw atPlace(place, error);
  }
}

/**
 * Reads one line; null if a crash cut it off. Throws `UsageError` if its files would lie outside of
 * the run folder.
 */
export function planOfLine(line: string): Plan | null {
  try {
    return planSchema.parse(JSON.parse(line));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
}
