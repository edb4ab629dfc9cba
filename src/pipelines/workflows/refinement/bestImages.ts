import { readdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { copyWhole } from '../../../disk/copyFiles.ts';
import { hashFile } from '../../../disk/hashFile.ts';
import { insideFolder } from '../../../disk/insideFolder.ts';
import { toStorageError } from '../../../disk/storageError.ts';
import type { BestCopy, RefinementCandidate, RefinementHistory } from '../../../sinks/refinement/history.ts';
import type { Outcome, OutcomeFile } from '../../../types.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import type { OpenRun } from '../../run/settings.ts';

/** The folder of copies of the best images, below the run folder. */
const bestFolderName = 'best';

interface CopyBestConfig {
  /** The number of images. */
  best: number;
  /** All outcomes of the folder. */
  outcomes: Iterable<Outcome> | AsyncIterable<Outcome>;
}

/**
 * Copies the best images of a refinement, with their renditions, to `best/` in the run folder.
 * Their rank stands before their name: `best/1-0007-a-harbour.webp`. Removes copies of images that
 * are no longer among them. A file is a copy if its content is that of an image of the folder, or
 * of one of `history.copies`; all others stay, a copy that you have retouched included. Resolves
 * with the copies, the best first. Rejects with `StorageError`, or the system's error, if the disk
 * refuses.
 */
export async function copyBest(
  folder: string,
  history: Pick<RefinementHistory, 'rounds' | 'copies'>,
  { best, outcomes }: CopyBestConfig,
): Promise<BestCopy[]> {
  const ranked = bestCandidates(history, best);
  const made = await madeFiles(outcomes);
  const hashes = new Set([...made.hashes, ...(history.copies ?? []).map(({ sha256 }) => sha256)]);
  // Padded, so that the files sort by rank.
  const rankOf = (place: number) => String(place + 1).padStart(String(ranked.length).length, '0');
  const copies = ranked.flatMap(({ index }, place) =>
    (made.filesOf.get(index) ?? []).map(({ path, sha256 }) => ({
      from: path,
      to: `${bestFolderName}/${rankOf(place)}-${basename(path)}`,
      sha256,
    })),
  );
  const isCopy = async (path: string) => hashes.has(await hashFile(path));
  const wanted = new Map(copies.map(({ to, sha256 }) => [to, sha256]));
  for (const path of await filesIn(folder)) {
    const file = insideFolder(folder, path);
    if (!wanted.has(path) && !made.paths.has(path) && (await isCopy(file))) await rm(file);
  }
  const done: BestCopy[] = [];
  for (const { from, to, sha256 } of copies) {
    const target = insideFolder(folder, to);
    const isThere = (await hashFile(target).catch(() => null)) === sha256;
    const path = isThere ? target : await copyWhole(insideFolder(folder, from), target, isCopy);
    // You may have changed the image that is copied.
    done.push({ path: `${bestFolderName}/${basename(path)}`, sha256: await hashFile(path) });
  }
  return done;
}

/** Returns a history that names these copies in the place of earlier ones. */
export function withCopies(
  { best: _best, copies: _copies, ...history }: RefinementHistory,
  copies: readonly BestCopy[],
): RefinementHistory {
  return copies.length === 0 ? history : { ...history, best: copies.map(({ path }) => path), copies };
}

/** Returns the best candidates of all rounds, the best first. */
function bestCandidates(
  { rounds }: Pick<RefinementHistory, 'rounds'>,
  best: number,
): readonly RefinementCandidate[] {
  const rated = new Map<number, RefinementCandidate>();
  for (const { candidates } of rounds) {
    for (const each of candidates) if (each.score !== null) rated.set(each.index, each);
  }
  return [...rated.values()]
    .toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0) || a.index - b.index)
    .slice(0, best);
}

/** The files that the jobs of a folder have. */
interface MadeFiles {
  readonly paths: ReadonlySet<string>;
  /** The sha256 of each, hex. */
  readonly hashes: ReadonlySet<string>;
  readonly filesOf: ReadonlyMap<number, readonly OutcomeFile[]>;
}

async function madeFiles(outcomes: CopyBestConfig['outcomes']): Promise<MadeFiles> {
  const paths = new Set<string>();
  const hashes = new Set<string>();
  const filesOf = new Map<number, readonly OutcomeFile[]>();
  for await (const { index, files } of outcomes) {
    for (const { path, sha256 } of files) {
      paths.add(path);
      hashes.add(sha256);
    }
    filesOf.set(
      index,
      files.filter(({ role }) => role === 'original' || role === 'rendition'),
    );
  }
  return { paths, hashes, filesOf };
}

/** Returns the paths of the files in the folder of the best, below the run folder. */
async function filesIn(folder: string): Promise<string[]> {
  const place = insideFolder(folder, bestFolderName);
  const entries = await readdir(place, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw toStorageError(error, place);
  });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => `${bestFolderName}/${name}`);
}

/**
 * Copies the best images. Resolves with null if that fails, which is only a warning, as the images
 * themselves are saved.
 */
export async function copiesOfBest(
  history: RefinementHistory,
  best: number,
  { config, manifest }: OpenRun,
): Promise<BestCopy[] | null> {
  try {
    return await copyBest(config.folder, history, { best, outcomes: manifest.outcomes() });
  } catch (error) {
    const { message } = outcomeError(error);
    config.emit?.({ type: 'warning', message: `The best images could not be copied: ${message}` });
    return null;
  }
}
