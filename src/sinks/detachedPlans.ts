import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../fromAbortable.ts';
import { toStorageError } from '../toStorageError.ts';
import type { Plan } from '../types.ts';

/** The plans of jobs whose predictions were left to the service, for whoever collects them. */
export interface DetachedPlans {
  /** Completes once the plan is flushed. Emits `StorageError` where the disk refuses. */
  keep(plan: Plan): Observable<void>;
  /** Each job's plan once. None where nothing was detached. */
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
  renditions: z.array(
    z.object({
      name: z.string(),
      widthPx: z.int(),
      heightPx: z.int(),
      fit: z.enum(['cover', 'contain', 'inside']),
      format: z.enum(['jpeg', 'webp', 'avif', 'png']),
      quality: z.int(),
    }),
  ),
  key: z.string(),
  priceMicroUsd: z.int().nullable(),
  path: z.string(),
  files: z.record(z.string(), inputFile).exactOptional(),
});

/** `detached.jsonl` of a run folder: a plan a line, added before its create. Memory: the indexes while they are read. */
export function detachedPlans(folder: string): DetachedPlans {
  const path = join(folder, 'detached.jsonl');
  return {
    keep: (plan) =>
      fromAbortable(() =>
        appendFile(path, `${JSON.stringify(storable(plan))}\n`, { flush: true }).catch((error: unknown) => {
          throw toStorageError(error, path);
        }),
      ),
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
  const seen = new Set<number>();
  const file = createReadStream(path);
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
      const plan = planOf(line);
      if (plan === null || seen.has(plan.index)) continue;
      seen.add(plan.index);
      yield plan;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw toStorageError(error, path);
  }
}

/** Null for a line that a crash tore off. */
function planOf(line: string): Plan | null {
  try {
    return planSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
