import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { storedPath } from '../../disk/insideFolder.ts';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { manifestOutcomes } from '../manifest/manifest.ts';
import type { JudgedImage, Picks } from './picks.ts';

/** A chosen image, as the run folder has it now. */
export interface PickedImage {
  /** Index of its job. */
  readonly index: number;
  /** Key of its job's request. */
  readonly key: string;
  /** 1 to 5; 0 for none. */
  readonly stars: number;
  /** The original, then its renditions. */
  readonly files: readonly OutcomeFile[];
}

const judgedImage = z.strictObject({
  number: z.string(),
  path: storedPath,
  sha256: z.string().regex(/^[0-9a-f]{20}$/, 'Expected 20 hex digits'),
  verdict: z.enum(['picked', 'rejected']).nullable(),
  stars: z.int().min(0).max(5),
});

const picksSchema = z.strictObject({
  run: z.string(),
  isSimulated: z.literal(true).optional(),
  picks: z.array(judgedImage),
  others: z.array(judgedImage).default([]),
}) satisfies z.ZodType<Picks>;

/** Missing images that a message names, at most. */
const MAX_NAMED = 5;

/**
 * Reads the images that the gallery of a run folder exported as `picks.json`, and finds them in the
 * folder's manifest. An image that moved since, because the input has changed, is found by its
 * content. Resolves in the order of the file, each image once.
 *
 * Rejects with `UsageError` if the file is not such an export, has no picks, or names images that
 * the folder does not have.
 */
export async function readPicks(path: string, folder: string): Promise<PickedImage[]> {
  const { picks, run } = await parsePicks(path);
  if (picks.length === 0) {
    throw new UsageError(`${path} has no picks.`, {
      suggestion: 'Pick images in gallery.html (key P), then export them again.',
    });
  }
  const find = await findImages(folder, picks);
  const found = picks.map((pick) => ({ pick, image: find(pick) }));
  const missing = found.filter(({ image }) => image === undefined).map(({ pick }) => pick);
  if (missing.length > 0) throw notThere(path, folder, run, missing, picks.length);
  const images = found.flatMap(({ image, pick: { stars } }) =>
    image === undefined ? [] : [{ ...image, stars }],
  );
  return [...new Map(images.map((image) => [image.files[0]?.path, image])).values()];
}

async function parsePicks(path: string): Promise<Picks> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw notPicks(path, fileProblem(cause, 'no file of that name'), cause);
  });
  try {
    return picksSchema.parse(JSON.parse(text), { reportInput: true });
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw notPicks(path, describeFault(cause), cause);
  }
}

function describeFault(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return 'a file that is not JSON';
  const [issue] = cause.issues;
  const field = issue?.path.join('.') ?? '';
  if (field === '') return 'other JSON';
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined;
  return isMissing ? `JSON without \`${field}\`` : `JSON whose \`${field}\` is wrong`;
}

function notPicks(path: string, got: string, cause: unknown): UsageError {
  return new UsageError(`${path}: Expected picks that gallery.html has exported, got ${got}`, {
    suggestion: 'Give the picks.json that the button “Export” of gallery.html saves.',
    cause,
  });
}

function notThere(
  path: string,
  folder: string,
  run: string,
  missing: readonly JudgedImage[],
  total: number,
): UsageError {
  const named = missing.slice(0, MAX_NAMED).map(({ number, path: image }) => `${number} (${image})`);
  const more = missing.length > MAX_NAMED ? `, and ${missing.length - MAX_NAMED} more` : '';
  return new UsageError(
    `${path}: ${missing.length} of its ${total} picks are not in ${folder}: ${named.join(', ')}${more}.`,
    {
      suggestion: `Give the folder of the run “${run}”. If its images have changed since, open its gallery.html and export the picks again.`,
    },
  );
}

type FoundImage = Omit<PickedImage, 'stars'>;

/**
 * Looks for images in the manifest, in memory for those alone. Returns a function that finds one:
 * at its path if its content is still the same, else anywhere by content.
 */
async function findImages(
  folder: string,
  picks: readonly JudgedImage[],
): Promise<(pick: JudgedImage) => FoundImage | undefined> {
  const wanted = new Set(picks.map(({ sha256 }) => sha256));
  const byContent = new Map<string, FoundImage[]>();
  for await (const outcome of manifestOutcomes(folder)) {
    for (const image of imagesOf(outcome)) {
      const content = image.files[0]?.sha256.slice(0, 20) ?? '';
      if (wanted.has(content)) byContent.set(content, [...(byContent.get(content) ?? []), image]);
    }
  }
  return ({ path, sha256 }) => {
    const same = byContent.get(sha256) ?? [];
    return same.find(({ files }) => files[0]?.path === path) ?? same[0];
  };
}

/** Returns the images of an outcome: each original with the renditions that follow it. */
function imagesOf({ index, key, files }: Outcome): FoundImage[] {
  const groups: OutcomeFile[][] = [];
  for (const file of files) {
    if (file.role === 'original') groups.push([file]);
    else if (file.role === 'rendition') groups.at(-1)?.push(file);
  }
  return groups.map((group) => ({ index, key, files: group }));
}
