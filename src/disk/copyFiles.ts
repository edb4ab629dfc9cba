import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { dirname, extname, isAbsolute } from 'node:path';
import { InputFileError } from '../errors.ts';
import type { ImageFile, InputFile } from '../types.ts';
import { ensureDir, syncFolder } from './folders.ts';
import { giveName, type MayReplace } from './giveName.ts';
import { hashFile } from './hashFile.ts';
import { pathBelow } from './insideFolder.ts';
import { openOwn, ownFlags } from './ownFiles.ts';
import { toStorageError } from './storageError.ts';
import { newTemporaryPath, removeTemporary } from './writeFiles.ts';

/** A file to copy. Its extension, which depends on its content, is not always part of its name. */
export interface SourceFile extends ImageFile {
  /** Without a dot. Default: that of `path`. */
  readonly extension?: string;
}

/**
 * Copies files to a job's output path. Each copy is flushed and renamed once it is complete; it
 * shares its blocks with the original if the file system can do that. Resolves with null if a file
 * is missing or has changed. Names are given as `giveName` does. Rejects with `StorageError` if the
 * disk refuses.
 */
export async function copyFiles(
  files: readonly SourceFile[],
  stem: string,
  mayReplace?: MayReplace,
): Promise<readonly ImageFile[] | null> {
  if (!(await areIntact(files))) return null;
  const copies: ImageFile[] = [];
  // The untouched file belongs to the other job.
  for (const [index, { extension, untouched: _untouched, ...file }] of files.entries()) {
    const wanted = `${numberedStem(stem, index)}.${extension ?? extname(file.path).slice(1)}`;
    const path = await copyWhole(file.path, wanted, mayReplace);
    copies.push({ ...file, path });
  }
  return copies;
}

/** Resolves with true if all files exist and still have their recorded sha256. */
export async function areIntact(files: readonly ImageFile[]): Promise<boolean> {
  for (const { path, sha256 } of files) {
    if ((await hashFile(path).catch(() => null)) !== sha256) return false;
  }
  return true;
}

/**
 * Returns the path of an output file without its extension: `stem` for index 0, `<stem>--2` for
 * index 1, and so on.
 */
export function numberedStem(stem: string, index: number): string {
  return index === 0 ? stem : `${stem}--${index + 1}`;
}

/** Returns the path of an output file in a folder. Throws `UsageError` if it leaves the folder. */
export function stemBelow(folder: string, path: string): string {
  return pathBelow(folder, path);
}

/**
 * Returns the path of an output file without its extension: an absolute one as it is, another in
 * the folder, if there is one. Throws `UsageError` if it leaves the folder.
 */
export function stemIn(folder: string | undefined, path: string): string {
  return folder === undefined || isAbsolute(path) ? path : stemBelow(folder, path);
}

/**
 * Copies a file. The copy is flushed and renamed once it is complete; it shares its blocks with the
 * original if the file system can do that. Creates missing folders. Resolves with the copy's path:
 * `to`, or another as `giveName` chooses it. Rejects with `StorageError` and then leaves no
 * temporary file.
 */
export async function copyWhole(from: string, to: string, mayReplace?: MayReplace): Promise<string> {
  const temporary = newTemporaryPath(to);
  try {
    await ensureDir(dirname(to));
    await copyFile(from, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await flush(temporary);
    const path = await giveName(temporary, to, mayReplace);
    await syncFolder(dirname(to));
    return path;
  } catch (error) {
    await removeTemporary(temporary);
    throw toStorageError(error, to);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await openOwn(path, ownFlags.readWrite);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads an input file. Rejects with `InputFileError` if it has changed since the run was planned,
 * or cannot be read.
 */
export async function readInputFile({ source, sha256 }: InputFile): Promise<Uint8Array<ArrayBuffer>> {
  const content = await (typeof source === 'string'
    ? readFile(source).catch((cause: unknown) => {
        throw changed(source, cause);
      })
    : source);
  if (hash('sha256', content, 'hex') !== sha256) throw changed(source);
  return new Uint8Array(content);
}

function changed(source: string | Uint8Array, cause?: unknown): InputFileError {
  const name = typeof source === 'string' ? source : 'An input given as bytes';
  return new InputFileError(`${name} has changed since the run was planned, or can no longer be read`, {
    suggestion: 'Do not change input files while a run uses them. Run the same command again.',
    cause,
  });
}
