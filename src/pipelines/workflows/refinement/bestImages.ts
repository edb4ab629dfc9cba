import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { copyWhole } from '../../../disk/copyFiles.ts';
import { insideFolder } from '../../../disk/insideFolder.ts';
import { toStorageError } from '../../../disk/storageError.ts';
import { statedPrediction } from '../../../provenance/xmp.ts';
import type { RefinementCandidate, RefinementHistory } from '../../../sinks/refinement/history.ts';
import type { Outcome, OutcomeFile } from '../../../types.ts';

/** The folder of copies of the best images, below the run folder. */
export const bestFolderName = 'best';

interface CopyBestConfig {
  /** The number of images. */
  best: number;
  /** All outcomes of the folder. */
  outcomes: Iterable<Outcome> | AsyncIterable<Outcome>;
}

/**
 * Copies the best images of a refinement, with their renditions, to `best/` in the run folder.
 * Their rank stands before their name: `best/1-0007-a-harbour.webp`. Removes copies of images that
 * are no longer among them; other files stay. Resolves with the paths of the copies below the run
 * folder, the best first. Rejects with `StorageError`, or the system's error, if the disk refuses.
 */
export async function copyBest(
  folder: string,
  history: Pick<RefinementHistory, 'rounds'>,
  { best, outcomes }: CopyBestConfig,
): Promise<string[]> {
  const ranked = bestCandidates(history, best);
  const made = await madeFiles(outcomes);
  // Padded, so that the files sort by rank.
  const rankOf = (place: number) => String(place + 1).padStart(String(ranked.length).length, '0');
  const copies = ranked.flatMap(({ index }, place) =>
    (made.filesOf.get(index) ?? []).map(({ path, sha256 }) => ({
      from: path,
      to: `${bestFolderName}/${rankOf(place)}-${basename(path)}`,
      sha256,
    })),
  );
  const isCopy = async (path: string) => made.isCopy(await readFile(path));
  const wanted = new Map(copies.map(({ to, sha256 }) => [to, sha256]));
  for (const path of await filesIn(folder)) {
    const file = insideFolder(folder, path);
    if (!wanted.has(path) && !made.paths.has(path) && (await isCopy(file))) await rm(file);
  }
  const paths: string[] = [];
  for (const { from, to, sha256 } of copies) {
    const target = insideFolder(folder, to);
    const isThere = (await hashOf(target)) === sha256;
    const path = isThere ? target : await copyWhole(insideFolder(folder, from), target, isCopy);
    paths.push(`${bestFolderName}/${basename(path)}`);
  }
  return paths;
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
  readonly filesOf: ReadonlyMap<number, readonly OutcomeFile[]>;
  /** Returns true for the content of one of the images, or of an earlier rendition of one. */
  isCopy(content: Buffer): boolean;
}

async function madeFiles(outcomes: CopyBestConfig['outcomes']): Promise<MadeFiles> {
  const paths = new Set<string>();
  const hashes = new Set<string>();
  const predictions = new Set<string | null>();
  const filesOf = new Map<number, readonly OutcomeFile[]>();
  for await (const { index, files, predictionId } of outcomes) {
    for (const { path, sha256 } of files) {
      paths.add(path);
      hashes.add(sha256);
    }
    if (predictionId !== null) predictions.add(predictionId);
    filesOf.set(
      index,
      files.filter(({ role }) => role === 'original' || role === 'rendition'),
    );
  }
  return {
    paths,
    filesOf,
    isCopy: (content) => hashes.has(sha256Of(content)) || predictions.has(statedPrediction(content)),
  };
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

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

async function hashOf(path: string): Promise<string | null> {
  const content = await readFile(path).catch(() => null);
  return content === null ? null : sha256Of(content);
}
