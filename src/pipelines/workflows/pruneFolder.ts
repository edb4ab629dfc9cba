import type { Dirent } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { expectOptions, type OptionRules, optionRules } from '../../base/options.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { unlessMissing } from '../../disk/storageError.ts';
import { walkFolder } from '../../disk/walkFolder.ts';
import { isTemporary } from '../../disk/writeFiles.ts';
import { statedPrediction } from '../../provenance/xmp.ts';
import { ownThumbnail } from '../../sinks/gallery/thumbnails.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { unusedResults } from '../../sinks/manifest/unusedResults.ts';
import type { Outcome } from '../../types.ts';
import { leaseFolder } from '../run/folder/leaseFolder.ts';
import { UNTOUCHED, UNUSED_FOLDER } from '../run/matching/jobFiles.ts';

export interface PruneFolderConfig {
  folder: string;
  /** Also all thumbnails, which the next run makes again. Default false. */
  thumbnails?: boolean;
  /** Also the results that no job asks for any more; they were paid. Default false. */
  unused?: boolean;
  /** Deletes the files that are found. Default false: only lists them. */
  remove?: boolean;
}

const rules: OptionRules<PruneFolderConfig> = {
  folder: optionRules.path,
  thumbnails: optionRules.flag,
  unused: optionRules.flag,
  remove: optionRules.flag,
};

/** The kinds of files that can be deleted. */
export const prunableKinds = ['unfinished', 'thumbnails', 'renditions', 'unused'] as const;

/** A file that no outcome of its run folder needs. */
export interface PrunableFile {
  readonly kind: (typeof prunableKinds)[number];
  /** Below the run folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Lists the files that a run folder does not need, and deletes them with `remove`: files that a
 * killed run left unfinished, thumbnails of images that are gone, and renditions that neither
 * manifest nor unused results list, by the provenance in them. Files of yours, links, originals and
 * everything without our provenance stay. Resolves with the files in the order of the folder.
 * Memory: the listed paths.
 *
 * Rejects with `UsageError` if a run is in the folder, or the folder names files outside of it.
 */
export async function pruneFolder(config: PruneFolderConfig): Promise<PrunableFile[]> {
  expectOptions(config, rules, { required: ['folder'] });
  const { folder, remove = false } = config;
  const lease = await leaseFolder({ folder });
  try {
    const found: PrunableFile[] = [];
    const kindOf = createKinds(await listedFiles(folder), config);
    for await (const { path: absolute, entry } of walkFolder(folder)) {
      const path = relative(folder, absolute).replaceAll(sep, '/');
      const kind = await kindOf(path, entry);
      const stats = kind === null ? null : await unlessMissing(stat(absolute));
      if (kind !== null && stats !== null) found.push({ kind, path, bytes: stats.size });
    }
    // The list is complete before the first file is gone.
    if (remove) for (const { path } of found) await rm(insideFolder(folder, path), { force: true });
    return found;
  } finally {
    await lease.release();
  }
}

/** The files of a folder that outcomes have, unused results included. */
interface ListedFiles {
  readonly paths: ReadonlySet<string>;
  readonly thumbnails: ReadonlySet<string>;
  /** Paths of originals without their extension, each with its prediction. */
  readonly stems: ReadonlyMap<string, string>;
}

async function listedFiles(folder: string): Promise<ListedFiles> {
  const paths = new Set<string>();
  const thumbnails = new Set<string>();
  const stems = new Map<string, string>();
  const add = ({ files, predictionId }: Outcome): void => {
    for (const file of files) {
      paths.add(file.path);
      if (file.role !== 'original') continue;
      thumbnails.add(ownThumbnail(file));
      stems.set(file.path.replace(/\.[^./]+$/, ''), predictionId ?? '');
    }
  };
  for await (const outcome of manifestOutcomes(folder)) add(outcome);
  for await (const { outcome } of unusedResults(folder)) add(outcome);
  return { paths, thumbnails, stems };
}

type Kind = PrunableFile['kind'] | null;
type KindOf = (path: string, entry: Dirent) => Promise<Kind>;

function createKinds(listed: ListedFiles, config: PruneFolderConfig): KindOf {
  const { thumbnails = false, unused = false } = config;
  const isNeeded = (path: string) => !thumbnails && listed.thumbnails.has(path);
  /** The kinds of files in the folders that the run has for itself. */
  const inside = new Map<string, (path: string) => Kind>([
    ['.decoding', () => 'unfinished'],
    ['.thumbs', (path) => (isNeeded(path) ? null : 'thumbnails')],
    [UNUSED_FOLDER, () => (unused ? 'unused' : null)],
  ]);
  return async (path, entry) => {
    if (!entry.isFile()) return null;
    if (isTemporary(path)) return 'unfinished';
    if (path.startsWith(`${UNTOUCHED}${UNUSED_FOLDER}/`)) return unused ? 'unused' : null;
    const own = inside.get(path.replace(/\/.*$/, ''));
    if (own !== undefined) return own(path);
    return (await isStrayRendition(path, listed, config)) ? 'renditions' : null;
  };
}

/** Returns true for an image that has the name and the prediction of a rendition, but no record. */
async function isStrayRendition(
  path: string,
  { paths, stems }: ListedFiles,
  { folder }: PruneFolderConfig,
): Promise<boolean> {
  const [, stem] = /^(.+?)--[^/]+\.(?:jpe?g|png|webp|avif)$/.exec(path) ?? [];
  if (stem === undefined || paths.has(path)) return false;
  const prediction = stems.get(stem) ?? '';
  if (prediction === '') return false;
  const bytes = await unlessMissing(readFile(insideFolder(folder, path)));
  return bytes !== null && statedPrediction(bytes) === prediction;
}
