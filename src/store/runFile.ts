import { existsSync, statSync } from 'node:fs';
import { link, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { describeService, isSimulated } from '../base/service.ts';
import { makeFolder, syncFolder } from '../disk/folders.ts';
import { openOwn } from '../disk/ownFiles.ts';
import { toStorageError } from '../disk/storageError.ts';
import { isTemporary, prettyJson, readOwnJson, removeTemporary, writeTemporary } from '../disk/writeFiles.ts';
import { option, UsageError } from '../errors.ts';
import { expectOwnFiles } from './folderFiles.ts';

/** The input that a run folder belongs to. */
export interface RunInput extends StoredInput {
  /**
   * Path of a copy of standard input, which the run keeps as `stdin.txt`. Default: none, as the
   * input is a file.
   */
  readonly copy?: string;
}

/** An input as `run.json` stores it. */
export interface StoredInput {
  /** Absolute path of the prompt file or spec; null for standard input. */
  readonly path: string | null;
  /** Hash of its content, in hex. */
  readonly sha256: string;
}

/** The content of `run.json`: the owner of a run folder, to be read without its journal. */
export interface RunFile {
  /** The service that makes its images; null if that has no name. */
  readonly service: string | null;
  /** Null if the run was not started from a file. */
  readonly input: StoredInput | null;
}

const runFileSchema = z.object({
  service: z.string().nullable(),
  input: z.object({ path: z.string().nullable(), sha256: z.string() }).nullable(),
}) satisfies z.ZodType<RunFile>;

const FILE_NAME = 'run.json';

/**
 * Reads the owner of a folder; null if it has no `run.json`. Rejects with `UsageError` if the file
 * is not one of a run.
 */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  const path = join(folder, FILE_NAME);
  return existsSync(path) ? readOwnJson(path, runFileSchema) : null;
}

/**
 * Begins a run folder: creates it with its `run.json`, before anything else is in it. Resolves with
 * the owner of the folder: `file`, or the content of a `run.json` that was there before. Rejects
 * with `StorageError`.
 */
export async function beginFolder(folder: string, file: RunFile): Promise<RunFile> {
  const path = join(folder, FILE_NAME);
  const before = await readRunFile(folder);
  if (before !== null) return before;
  try {
    makeFolder(folder);
    const temporary = await writeTemporary(path, prettyJson(file));
    await appearAs(path, temporary).finally(() => removeTemporary(temporary));
    await syncFolder(folder);
  } catch (error) {
    throw toStorageError(error, path);
  }
  return (await readRunFile(folder)) ?? file;
}

/** Gives a whole file its name, unless there is a file of that name. */
async function appearAs(path: string, temporary: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch {
    // The file is there, or the file system has no links.
    if (!existsSync(path)) await rename(temporary, path);
  }
}

/** Any of these marks a run folder, also one whose run was killed before it had a journal. */
const MARKS = ['run.sqlite', FILE_NAME];

/** Files that file managers and version control leave in empty folders. */
const IGNORED: ReadonlySet<string> = new Set([
  '.DS_Store',
  '.directory',
  '.gitignore',
  '.gitkeep',
  'Thumbs.db',
  'desktop.ini',
  'lost+found',
]);

/** The state of a folder before a run: nothing in it, a run's, or the user's own files. */
export type FolderState = 'new' | 'run' | 'foreign';

/**
 * Returns the state of a folder. Rejects with `UsageError` if it cannot be read.
 */
export async function folderState(folder: string): Promise<FolderState> {
  if (MARKS.some((name) => existsSync(join(folder, name)))) return 'run';
  const names = await namesIn(folder);
  if (names.length === 0) return 'new';
  if (names.some((name) => name.startsWith('run.lock'))) return 'run';
  return names.includes('manifest.jsonl') && (await isManifest(folder)) ? 'run' : 'foreign';
}

/** Throws `UsageError` if a file is in the place of a folder, or of one above it. */
function expectNoFile(folder: string): void {
  let path = folder;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  if (!existsSync(path) || statSync(path).isDirectory()) return;
  const fault = path === folder ? 'is a file, not a folder.' : `is a file, so ${folder} cannot be a folder.`;
  throw new UsageError(`${path} ${fault}`, {
    suggestion: `Choose another folder with ${option('--out')}.`,
  });
}

async function namesIn(folder: string): Promise<string[]> {
  // Where no folder can be, creating it fails with a message of its own.
  const names = existsSync(folder) ? await listFolder(folder) : [];
  // A run that was killed while it began the folder leaves nothing else.
  return names.filter((name) => !IGNORED.has(name) && !isTemporary(name));
}

function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    expectNoFile(folder);
    throw new UsageError(`Cannot read the run folder: ${toStorageError(error, folder).message}`, {
      suggestion: `Change its permissions, or choose another folder with ${option('--out')}.`,
      cause: error,
    });
  });
}

/** Outcomes without a journal are refused later, with advice of their own. */
async function isManifest(folder: string): Promise<boolean> {
  const start = '{"index":';
  const handle = await openOwn(join(folder, 'manifest.jsonl')).catch(() => null);
  try {
    const read = await handle?.read(Buffer.alloc(start.length), 0, start.length, 0);
    return read?.buffer.toString() === start;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}

/** Returns true if two folders belong to the same service and input. */
export function isSameRun(one: RunFile, other: RunFile): boolean {
  const [{ input: first }, { input: second }] = [one, other];
  return one.service === other.service && first?.path === second?.path && first?.sha256 === second?.sha256;
}

interface CheckFolderConfig {
  /** The service of the run; null if it has no name. */
  service: string | null;
}

/**
 * Checks, before anything is written or created, that a folder is new or belongs to a run on the
 * same service. Returns its owner; null if the folder does not name it, as those of versions that
 * had no `run.json`. Rejects with `UsageError` otherwise, and if a file of the run is a link.
 */
export async function checkFolder(folder: string, { service }: CheckFolderConfig): Promise<RunFile | null> {
  expectOwnFiles(folder);
  const state = await folderState(folder);
  if (state === 'foreign') throw foreignFolder(folder, await namesIn(folder));
  if (state === 'new') expectNoFile(folder);
  const file = await readRunFile(folder);
  const isOther = service !== null && file !== null && file.service !== null && file.service !== service;
  if (isOther) throw otherService(folder, file.service, service);
  if (file === null && state === 'run' && isSimulated(service)) throw unknownService(folder);
  return file;
}

function foreignFolder(folder: string, [first = '']: readonly string[]): UsageError {
  return new UsageError(`${folder} is not the folder of a run, and not empty: it has ${first}.`, {
    suggestion: `Choose a new or an empty folder with ${option('--out')}, so that no file of yours is replaced.`,
  });
}

function otherService(folder: string, theirs: string, ours: string): UsageError {
  const [before, now] = [describeService(theirs), describeService(ours)];
  return new UsageError(`${folder} has images of ${before}, and this run uses ${now}.`, {
    suggestion: `${wayOut(theirs, ours)} or choose another folder with ${option('--out')}: services are never mixed.`,
  });
}

function wayOut(theirs: string, ours: string): string {
  if (isSimulated(theirs)) return `Add ${option('--simulate')} to continue the simulation,`;
  if (isSimulated(ours)) return `Remove ${option('--simulate')} to continue it,`;
  return `Continue it with ${describeService(theirs)},`;
}

function unknownService(folder: string): UsageError {
  return new UsageError(
    `${folder} has no run.json, which names the service of its images: they may be paid.`,
    {
      suggestion: `Bring the file back (manifest.json names the service, too), or choose another folder with ${option('--out')}: a simulation costs nothing.`,
    },
  );
}
