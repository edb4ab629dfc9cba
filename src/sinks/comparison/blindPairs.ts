import { createHash } from 'node:crypto';
import type { Outcome } from '../../types.ts';
import type { BlindComparison, BlindPair, BlindPicture } from './Votes.ts';

/** Nobody answers more. */
const MAX_PAIRS = 500;

/**
 * Every two variants of every prompt, in an order and on sides that look random and are the same each time. `columns` is the tag
 * that tells variants apart, `rows` the one that tells prompts.
 */
export async function blindPairs(
  outcomes: AsyncIterable<Outcome>,
  name: string,
  { rows, columns }: { rows: string; columns: string },
): Promise<BlindComparison> {
  const byPrompt = new Map<string, { prompt: string; pictures: BlindPicture[] }>();
  const hash = createHash('sha256');
  for await (const { tags, files, prompt } of outcomes) {
    const { [rows]: row, [columns]: variant } = tags;
    const original = files.find(({ role, width }) => role === 'original' && width !== null);
    if (row === undefined || variant === undefined || original === undefined) continue;
    hash.update(original.sha256);
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
  return { name, run, pairs: shuffled };
}

function twosOf(prompt: string, pictures: readonly BlindPicture[]): BlindPair[] {
  return pictures.flatMap((left, place) =>
    pictures.slice(place + 1).map((right) => ({ prompt, left, right })),
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
