import { existsSync } from 'node:fs';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { sidecarPath } from '../../../sinks/manifest/sidecar.ts';
import type { UnusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { Outcome } from '../../../types.ts';
import type { OpenRun } from '../settings.ts';
import { downloadsOf } from './jobFiles.ts';

type Listing = Pick<OpenRun, 'config' | 'manifest' | 'journal'>;

/** Finds names for files that get another one: never that of a file which is not the run's own. */
export interface FreeNames {
  /**
   * Returns a stem at which no file of others is. `pathsAt` returns the paths that the files have
   * under a stem; none of them is in `taken`.
   */
  freeStem(
    wanted: string,
    pathsAt: (stem: string) => readonly string[],
    taken?: ReadonlySet<string>,
  ): Promise<string>;
  /** Returns true if a file of the run is at a path. */
  isOwn(path: string): Promise<boolean>;
  /** Notes files of the run that no list has. */
  own(paths: Iterable<string>): void;
  /** Returns true, once, for a path at which there is no file. */
  claim(path: string): boolean;
}

const NONE: ReadonlySet<string> = new Set();

/** Creates the search for free names in a run folder. */
export function createFreeNames(run: Listing, unused: UnusedResults): FreeNames {
  const { config, manifest, journal } = run;
  let known: Set<string> | null = null;
  const claimed = new Set<string>();
  const ownPaths = async (): Promise<Set<string>> => {
    const paths = new Set<string>();
    for await (const outcome of manifest.outcomes()) addFiles(paths, outcome);
    for await (const { outcome } of unused.all()) addFiles(paths, outcome);
    for (const index of journal.openIndexes()) {
      for (const { path } of downloadsOf(journal.find(index), config.folder)) paths.add(path);
    }
    return paths;
  };
  const isOwn = async (path: string): Promise<boolean> => {
    known ??= await ownPaths();
    return known.has(path);
  };
  const isTaken = async (path: string): Promise<boolean> =>
    existsSync(pathBelow(config.folder, path)) && !(await isOwn(path));
  return {
    isOwn,
    own(paths) {
      for (const path of paths) known?.add(path);
    },
    claim(path) {
      if (claimed.has(path) || existsSync(pathBelow(config.folder, path))) return false;
      claimed.add(path);
      return true;
    },
    async freeStem(wanted, pathsAt, taken = NONE) {
      for (let number = 1; ; number += 1) {
        const candidate = number === 1 ? wanted : `${wanted}-${number}`;
        const found = await Promise.all(
          pathsAt(candidate).map(async (path) => taken.has(path) || (await isTaken(path))),
        );
        if (!found.includes(true)) return candidate;
      }
    },
  };
}

function addFiles(paths: Set<string>, { files }: Outcome): void {
  for (const { role, path } of files) {
    paths.add(path);
    if (role === 'original') paths.add(sidecarPath(path));
  }
}
