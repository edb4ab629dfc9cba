import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { isSimulated } from '../../base/service.ts';
import { fileProblem } from '../../disk/storageError.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import { UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import { voteScript, voteStyle } from '../gallery/galleryAssets.ts';
import { pageDocument, scriptJson } from '../gallery/galleryPage.ts';
import type { BlindComparison, BlindPair, BlindPicture, Votes } from './votes.ts';

const votesSchema = z.strictObject({
  run: z.string(),
  ballot: z.string().optional(),
  voter: z.string().optional(),
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

/**
 * Reads votes that `ab.html` has exported. Rejects with `UsageError` if the file has none, or those
 * of another run.
 */
export async function readVotes(path: string, run: string): Promise<Votes> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw notVotes(path, fileProblem(cause, 'no file of that name'), cause);
  });
  const votes = parsed(text, path);
  if (votes.run === run) return votes;
  throw new UsageError(`${path}: Expected votes on this run (${run}), got votes on another (${votes.run})`, {
    suggestion:
      'Give the folder whose ab.html exported these votes. If its images have changed since, vote again.',
  });
}

function parsed(text: string, path: string): Votes {
  try {
    return votesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw notVotes(path, describeFault(cause), cause);
  }
}

function notVotes(path: string, got: string, cause: unknown): UsageError {
  return new UsageError(`${path}: Expected votes that ab.html has exported, got ${got}`, {
    suggestion: 'Give the JSON file that the button “Export votes” of ab.html saves.',
    cause,
  });
}

function describeFault(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return 'a file that is not JSON';
  const [field = ''] = cause.issues.map(({ path }) => path.join('.'));
  return field === '' ? 'other JSON' : `JSON whose ${field} is wrong`;
}

/**
 * Writes `ab.html` into the run folder. The page shows two images of the same prompt at a time,
 * from different variants and without their names, and exports the votes as JSON, which
 * `rxposure votes` counts. Writes nothing if there are no two images to compare. Rejects with
 * `StorageError`.
 */
export async function writeBlindPage(
  folder: string,
  outcomes: AsyncIterable<Outcome>,
  axes: { rows: string; columns: string },
): Promise<void> {
  const comparison = await blindPairs(outcomes, basename(folder), axes);
  if (comparison.pairs.length === 0) return;
  const { head, foot } = pageDocument(comparison.name, { script: voteScript, style: voteStyle });
  await writeAtomically(join(folder, 'ab.html'), `${head}${scriptJson(comparison)}${foot}`);
}

/** Pairs to vote on, at most: more would tire the voter. */
const MAX_PAIRS = 500;

/**
 * Returns every pair of variants of every prompt, in an order and on sides that look random but are
 * the same each time. `columns` names the tag with the variant, `rows` the tag with the prompt.
 */
export async function blindPairs(
  outcomes: AsyncIterable<Outcome>,
  name: string,
  { rows, columns }: { rows: string; columns: string },
): Promise<BlindComparison> {
  const byPrompt = new Map<string, { prompt: string; pictures: BlindPicture[] }>();
  const hash = createHash('sha256');
  let areSimulated = false;
  for await (const { tags, files, prompt, service } of outcomes) {
    const { [rows]: row, [columns]: variant } = tags;
    const original = files.find(({ role, width }) => role === 'original' && width !== null);
    if (row === undefined || variant === undefined || original === undefined) continue;
    hash.update(original.sha256);
    areSimulated ||= isSimulated(service);
    const entry = byPrompt.get(row) ?? { prompt, pictures: [] };
    if (!entry.pictures.some((picture) => picture.variant === variant)) {
      entry.pictures.push({ variant, path: original.path });
    }
    byPrompt.set(row, entry);
  }
  const run = hash.digest('hex').slice(0, 16);
  const pairs = [...byPrompt.values()].flatMap(({ prompt, pictures }) => twosOf(prompt, pictures));
  const shuffled = pairs
    .map((pair) => ({ pair, rank: rankOf(run, pair) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, MAX_PAIRS)
    .map(({ pair, rank }) => (Number.parseInt(rank.slice(-1), 16) % 2 === 0 ? pair : turned(pair)));
  return { name, run, ...(areSimulated && { isSimulated: true as const }), pairs: shuffled };
}

function twosOf(prompt: string, pictures: readonly BlindPicture[]): BlindPair[] {
  return pictures.flatMap((left, index) =>
    pictures.slice(index + 1).map((right) => ({ prompt, left, right })),
  );
}

function turned({ prompt, left, right }: BlindPair): BlindPair {
  return { prompt, left: right, right: left };
}

function rankOf(run: string, { prompt, left, right }: BlindPair): string {
  return createHash('sha256')
    .update(JSON.stringify([run, prompt, left.path, right.path]))
    .digest('hex');
}
