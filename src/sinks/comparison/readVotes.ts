import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import type { Votes } from './Votes.ts';

const votesSchema = z.strictObject({
  run: z.string(),
  votes: z.array(
    z
      .strictObject({
        prompt: z.string(),
        variants: z.tuple([z.string(), z.string()]),
        winner: z.string().nullable(),
      })
      .refine(({ variants, winner }) => winner === null || variants.includes(winner), {
        error: 'Expected the winner to be one of the two variants',
        path: ['winner'],
      }),
  ),
});

/** Reads votes that `ab.html` has exported. Rejects with `UsageError` where they are none, or of another run. */
export async function readVotes(path: string, run: string): Promise<Votes> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected votes, got a file that cannot be read`, { cause });
  });
  const votes = parsed(text, path);
  if (votes.run === run) return votes;
  throw new UsageError(`${path}: Expected votes on this run (${run}), got votes on another (${votes.run})`, {
    suggestion:
      'Give the folder whose ab.html these votes are from; where its pictures have changed, vote again.',
  });
}

function parsed(text: string, path: string): Votes {
  try {
    return votesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`${path}: Expected votes that ab.html has exported, got ${whatCame(cause)}`, {
      suggestion: 'Give the JSON file that its button “Export votes” saves.',
      cause,
    });
  }
}

function whatCame(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return 'a file that is no JSON';
  const [place = ''] = cause.issues.map(({ path }) => path.join('.'));
  return place === '' ? 'other JSON' : `JSON whose ${place} is wrong`;
}
