import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { GridHistory } from '../sources/extendGrid.ts';
import type { GridValue } from '../sources/Grid.ts';
import type { ModelInput } from '../types.ts';
import { gridFileName } from './gridFileName.ts';

const texts = z.record(z.string(), z.string());
const value = z
  .object({
    tags: texts,
    words: texts,
    input: z.record(z.string(), z.json()).transform((input): ModelInput => input),
    model: z.string().optional(),
  })
  .transform((each): GridValue => each);
const history = z.object({
  axes: z.array(z.object({ name: z.string(), place: z.string(), values: z.array(value).min(1) })),
  boxes: z.array(z.array(z.int().min(1))).min(1),
});

/** What a run folder knows of its grid; null where it has held none. Rejects with `UsageError` where that cannot be read. */
export async function readGridHistory(folder: string): Promise<GridHistory | null> {
  const path = join(folder, gridFileName);
  try {
    return history.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new UsageError(`Expected what rxposure wrote in ${path}, got something else`, {
      suggestion: 'Restore it from a copy, or choose another folder with --out.',
      cause,
    });
  }
}
