import { appendFile, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { isMissing, toStorageError } from '../../disk/storageError.ts';
import { renditionSchema } from '../../renditions/lists.ts';
import type { Plan } from '../../types.ts';
import type { LinePlace } from './jsonLines.ts';

/** Plans that a run folder keeps for whoever goes on with them without the input. */
interface StoredPlans {
  /** Completes once the plan is flushed. Emits `StorageError` where the disk refuses. */
  keep(plan: Plan): Observable<void>;
  /** Each job's plan once, the newest, in the order of the input. None where nothing was kept. */
  read(): AsyncGenerator<Plan>;
}

/** Bytes that were only in memory are gone: a job that needs them again says so. */
const inputFile = z.object({
  source: z
    .string()
    .nullable()
    .transform((path) => path ?? new Uint8Array()),
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  mediaType: z.string(),
});

const planSchema = z.object({
  index: z.int(),
  prompt: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  input: z.record(z.string(), z.json()),
  tags: z.record(z.string(), z.string()),
  renditions: z.array(renditionSchema),
  key: z.string(),
  resultKey: z.string().exactOptional(),
  priceMicroUsd: z.int().nullable(),
  path: z.string(),
  files: z.record(z.string(), inputFile).exactOptional(),
});

/**
 * `detached.jsonl` (jobs whose predictions were left to the service) or `failed.jsonl` (jobs that failed) of a run folder: a plan
 * a line. Memory: where each job's line is, while they are read.
 */
export function storedPlans(folder: string, which: 'detached' | 'failed'): StoredPlans {
  const path = join(folder, `${which}.jsonl`);
  // What a crash tore off must not take the next line with it.
  let separator = '\n';
  return {
    keep: (plan) =>
      fromAbortable(() => {
        const line = `${separator}${JSON.stringify(storable(plan))}\n`;
        separator = '';
        return appendFile(path, line, { flush: true }).catch((error: unknown) => {
          throw toStorageError(error, path);
        });
      }),
    read: () => plansIn(path),
  };
}

/** With the paths of its files; their bytes have no place in a line. */
function storable(plan: Plan): object {
  if (plan.files === undefined) return plan;
  const files = Object.entries(plan.files).map(([place, file]) => {
    const source = typeof file.source === 'string' ? file.source : null;
    return [place, { ...file, source }] as const;
  });
  return { ...plan, files: Object.fromEntries(files) };
}

async function* plansIn(path: string): AsyncGenerator<Plan> {
  const handle = await open(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw toStorageError(error, path);
  });
  if (handle === null) return;
  try {
    const places = await newestLines(handle);
    for (const [, { offsetBytes, lengthBytes }] of [...places].sort(([a], [b]) => a - b)) {
      const { buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
      const plan = planOf(buffer.toString('utf8'));
      if (plan !== null) yield plan;
    }
  } catch (error) {
    throw toStorageError(error, path);
  } finally {
    await handle.close();
  }
}

/** Where the newest whole line of each job is. */
async function newestLines(handle: FileHandle): Promise<Map<number, LinePlace>> {
  const places = new Map<number, LinePlace>();
  let offsetBytes = 0;
  // A character a byte: torn characters keep their length so, and those that end lines elsewhere (U+2028) do not here.
  const stream = handle.createReadStream({ autoClose: false, start: 0, encoding: 'latin1' });
  for await (const bytes of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const plan = planOf(Buffer.from(bytes, 'latin1').toString('utf8'));
    if (plan !== null) places.set(plan.index, { offsetBytes, lengthBytes: bytes.length });
    offsetBytes += bytes.length + 1;
  }
  return places;
}

/** Null for a line that a crash tore off. */
function planOf(line: string): Plan | null {
  try {
    return planSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
