import { relative, resolve, sep } from 'node:path';
import { copyWhole } from '../../disk/copyFiles.ts';
import { statsOf } from '../../disk/giveName.ts';
import { insideFolder, isBelow } from '../../disk/insideFolder.ts';
import { UsageError } from '../../errors.ts';
import type { OutcomeFile } from '../../types.ts';
import type { PickedFileKind } from './picks.ts';
import type { PickedImage } from './readPicks.ts';

/** Missing files that a message names, at most. */
const MAX_NAMED = 5;

export interface CopyPicksConfig {
  /** The folder to copy to; created if it is missing. */
  to: string;
  /**
   * The files of each image: `originals`, `renditions` (the original of an image without any), or
   * `all`. Default `all`.
   */
  files?: PickedFileKind;
}

/**
 * Copies chosen images out of a run folder, in its subfolders and under their names, for a client
 * for example. Each copy is flushed and whole. A file that is there already stays: one with the
 * same content counts as the copy, another one keeps its name, and the copy gets `-2`. Resolves
 * with the paths of the copies, relative to `to`.
 *
 *     copyPicks(folder, await readPicks('picks.json', folder), { to: 'client' })
 *
 * Rejects with `UsageError` if `to` lies in the run folder, or a file is missing there (then
 * nothing is copied), and with `StorageError` if the disk refuses.
 */
export async function copyPicks(
  folder: string,
  images: readonly PickedImage[],
  { to, files: kind = 'all' }: CopyPicksConfig,
): Promise<string[]> {
  const target = resolve(to);
  if (isBelow(resolve(folder), target)) {
    throw new UsageError(`Expected a folder outside of the run folder ${folder}, got ${to}`, {
      suggestion: 'Choose another folder for the copies: a run folder holds only files of its runs.',
    });
  }
  const paths = images.flatMap(({ files }) => chosenFiles(files, kind)).map(({ path }) => path);
  await expectAllThere(folder, paths);
  const copies: string[] = [];
  for (const path of paths) {
    const copy = await copyWhole(insideFolder(folder, path), insideFolder(target, path), () => false);
    copies.push(relative(target, copy).replaceAll(sep, '/'));
  }
  return copies;
}

function chosenFiles(files: readonly OutcomeFile[], kind: PickedFileKind): readonly OutcomeFile[] {
  const [original] = files;
  if (kind === 'all' || original === undefined) return files;
  const renditions = files.slice(1);
  return kind === 'renditions' && renditions.length > 0 ? renditions : [original];
}

async function expectAllThere(folder: string, paths: readonly string[]): Promise<void> {
  const stats = await Promise.all(paths.map((path) => statsOf(insideFolder(folder, path))));
  const missing = paths.filter((_, index) => !stats[index]?.isFile());
  if (missing.length === 0) return;
  const some = `${missing.slice(0, MAX_NAMED).join(', ')}${missing.length > MAX_NAMED ? ', …' : ''}`;
  throw new UsageError(`${missing.length} of ${paths.length} picked files are not in ${folder}: ${some}`, {
    suggestion: 'Restore them from a copy of the folder, or export the picks without them.',
  });
}
