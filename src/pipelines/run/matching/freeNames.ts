import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { pathBelow } from '../../../disk/insideFolder.ts';
import { sidecarPath } from '../../../sinks/manifest/sidecar.ts';
import type { UnusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { MatchedJob } from '../../../store/journal/jobMatching.ts';
import type { Outcome } from '../../../types.ts';
import type { OpenRun } from '../settings.ts';
import { stemOf, withStem } from './jobFiles.ts';

type Listing = Pick<OpenRun, 'config' | 'manifest' | 'journal'>;

/** Finds names for files that get another one: never that of a file which is not the run's own. */
export interface FreeNames {
  /** Returns a stem at which no file of others is; `outcome` has the files. */
  freeStem(wanted: string, outcome: Outcome | null): Promise<string>;
  /** Returns true if a file of the run is at a path. */
  isOwn(path: string): Promise<boolean>;
  /** Notes files of the run that no list has. */
  own(paths: Iterable<string>): void;
  /** Returns true, once, for a path at which there is no file. */
  claim(path: string): boolean;
}

/** Creates the search for free names in a run folder. */
export function createFreeNames(run: Listing, unused: UnusedResults): FreeNames {
  const { config, manifest, journal } = run;
  let known: Set<string> | null = null;
  const claimed = new Set<string>();
  const ownPaths = async (): Promise<Set<string>> => {
    const paths = new Set<string>();
    for await (const outcome of manifest.outcomes()) addFiles(paths, outcome);
    for await (const { outcome } of unused.all()) addFiles(paths, outcome);
    for (const oldIndex of journal.openIndexes()) {
      for (const path of downloadsOf({ oldIndex }, run)) paths.add(path);
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
    async freeStem(wanted, outcome) {
      const stem = outcome === null ? null : stemOf(outcome);
      if (outcome === null || stem === null) return wanted;
      for (let number = 1; ; number += 1) {
        const candidate = number === 1 ? wanted : `${wanted}-${number}`;
        const { renamed: files } = withStem(outcome, stem, candidate);
        const taken = await Promise.all(
          files.map(({ newPath, isSidecar }) => !isSidecar && isTaken(newPath)),
        );
        if (!taken.includes(true)) return candidate;
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

/** Returns the paths of the originals of a job that has no outcome yet, below the run folder. */
export function downloadsOf(
  { oldIndex }: Pick<MatchedJob, 'oldIndex'>,
  { journal, config }: Pick<Listing, 'journal' | 'config'>,
) {
  const files = oldIndex === null ? [] : (journal.find(oldIndex)?.files ?? []);
  const paths = files.flatMap(({ path, untouched }) => [
    path,
    ...(untouched === undefined ? [] : [untouched.path]),
  ]);
  return paths.map((path) => relative(config.folder, path).replaceAll(sep, '/'));
}
