import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import type { RefinementHistory } from './RefinementHistory.ts';
import { refinementFileName } from './refinementFileName.ts';

const candidate = z.object({
  index: z.int().nonnegative(),
  key: z.string(),
  round: z.int().nonnegative(),
  parent: z.int().nonnegative().nullable(),
  status: z.enum(['saved', 'failed', 'skipped']),
  score: z.number().nullable(),
  rank: z.int().min(1).nullable(),
  kept: z.boolean(),
  path: z.string().nullable(),
});

const history = z.object({
  end: z.enum(['rounds', 'score', 'budget', 'stopped', 'nothing']).nullable(),
  rounds: z.array(
    z.object({
      round: z.int().nonnegative(),
      decided: z.boolean(),
      bestScore: z.number().nullable(),
      candidates: z.array(candidate),
    }),
  ),
}) satisfies z.ZodType<RefinementHistory>;

/** What a run folder knows of its refinement; null where none was decided in it. Rejects with `UsageError` where that cannot be read. */
export async function readRefinementHistory(folder: string): Promise<RefinementHistory | null> {
  const path = join(folder, refinementFileName);
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
