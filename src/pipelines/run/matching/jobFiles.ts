import { filesOf, outcomeFiles } from '../../../sinks/manifest/outcomeFiles.ts';
import { sidecarPath } from '../../../sinks/manifest/sidecar.ts';
import type { JobRecord, Outcome, OutcomeFile } from '../../../types.ts';

/** A day in a path, as `{date}` writes it. */
const DAY = /\d{4}-\d{2}-\d{2}/;

/** Returns a path without its day. */
export function dayless(path: string): string {
  return path.replace(DAY, '{date}');
}

/**
 * Returns the path that a job's files get under a new plan, without extension: the plan's, but with
 * the day of the files.
 */
export function pathFor(planPath: string, oldStem: string): string {
  const day = DAY.exec(oldStem)?.[0];
  return day === undefined ? planPath : planPath.replace(DAY, day);
}

/** Returns a path without its extension. */
function withoutExtension(path: string): string {
  return path.replace(/\.[^./]+$/, '');
}

/** Returns the path of an outcome's files without extension; null if it has none. */
export function stemOf({ files }: Pick<Outcome, 'files'>): string | null {
  const first = files.find(({ role }) => role === 'original') ?? files.find(({ role }) => role === 'kept');
  if (first === undefined) return null;
  const { path, name, output = 0 } = first;
  const stem = withoutExtension(path).replace(name === 'damaged' ? /\.damaged(?:-\d+)?$/ : '', '');
  // The first output of an incomplete job may be missing.
  const number = output === 0 ? '' : `--${output + 1}`;
  const whole = stem.endsWith(number) ? stem.slice(0, stem.length - number.length) : stem;
  return ofAll(files, whole) ?? ofAll(files, whole.replace(EVADING, '')) ?? whole;
}

/** The ending of a file name that another file had already: `cat-2.png`. */
const EVADING = /-\d+$/;

/** Returns a stem if all files begin with it; null if not: the first may have evaded another. */
function ofAll(files: readonly OutcomeFile[], stem: string): string | null {
  return files.every(({ path }) => ['', UNTOUCHED].some((above) => path.startsWith(above + stem)))
    ? stem
    : null;
}

/** A file with its old and its new path below the run folder. */
export interface RenamedFile {
  readonly oldPath: string;
  readonly newPath: string;
  readonly isSidecar: boolean;
}

/** Returns the files that the journal has of a job, as an outcome lists them. */
export function downloadsOf(record: Pick<JobRecord, 'files'> | undefined, folder: string): OutcomeFile[] {
  const images = record?.files.filter(({ refused }) => refused === undefined) ?? [];
  const missing = record?.files.flatMap((kept) =>
    kept.refused === undefined ? [] : [{ output: kept.output ?? 0, error: kept.refused, kept }],
  );
  return [
    ...outcomeFiles(
      images.map((original) => ({ original, renditions: [] })),
      folder,
    ),
    ...filesOf({ missing: missing ?? [], refused: [] }, [], folder),
  ];
}

/** The folder of a run that holds files that no job asks for any more. */
export const UNUSED_FOLDER = 'unused';
/** The folder of a run that holds originals as the model made them. */
export const UNTOUCHED = 'originals/';

/** Returns the path of a job's file under another stem. */
export function underStem(path: string, oldStem: string, newStem: string): string {
  for (const before of ['', UNTOUCHED]) {
    if (path.startsWith(before + oldStem))
      return before + newStem + path.slice(before.length + oldStem.length);
  }
  return path;
}

/**
 * Returns an outcome with its files under another stem, and the files to move for it, sidecars
 * included.
 */
export function withStem(
  outcome: Outcome,
  oldStem: string,
  newStem: string,
): { readonly outcome: Outcome; readonly renamed: readonly RenamedFile[] } {
  const newPathOf = (path: string) => underStem(path, oldStem, newStem);
  const files = outcome.files.map((file): OutcomeFile => ({ ...file, path: newPathOf(file.path) }));
  const renamed = outcome.files.flatMap(({ role, path }): RenamedFile[] => {
    const own = { oldPath: path, newPath: newPathOf(path), isSidecar: false };
    if (role !== 'original') return [own];
    return [own, { oldPath: sidecarPath(path), newPath: sidecarPath(own.newPath), isSidecar: true }];
  });
  return { outcome: { ...outcome, files }, renamed };
}
