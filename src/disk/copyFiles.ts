import { createHash, hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureDir } from 'fs-extra/esm';
import { InputFileError } from '../errors.ts';
import type { ImageFile, InputFile } from '../types.ts';
import { toStorageError } from './storageError.ts';
import { syncFolder, temporaryPath } from './writeFiles.ts';

/** A file to be copied: its extension by content is not always part of its name. */
export interface SourceFile extends ImageFile {
  /** Without a dot. Default: that of `path`. */
  readonly extension?: string;
}

/**
 * Copies files to a job's place, flushed, and renamed when each is whole; a file system that can lets both share their
 * blocks. Resolves with null where one is missing or not what it was. Rejects with `StorageError` where the disk refuses.
 */
export async function copyFiles(
  files: readonly SourceFile[],
  stem: string,
): Promise<readonly ImageFile[] | null> {
  if (!(await areIntact(files))) return null;
  const copies: ImageFile[] = [];
  // What is kept besides belongs to the other job.
  for (const [place, { extension, untouched: _untouched, ...file }] of files.entries()) {
    const path = `${numberedStem(stem, place)}.${extension ?? extname(file.path).slice(1)}`;
    await copyWhole(file.path, path);
    copies.push({ ...file, path });
  }
  return copies;
}

/** Whether all of these files are still there with the content that they were written down with. */
export async function areIntact(files: readonly ImageFile[]): Promise<boolean> {
  for (const { path, sha256 } of files) {
    const hash = createHash('sha256');
    const isRead = await pipeline(createReadStream(path), hash).then(
      () => true,
      () => false,
    );
    if (!isRead || hash.digest('hex') !== sha256) return false;
  }
  return true;
}

/** Where the files of an output lie, without extension: the first at `stem`, the second at `<stem>--2`, and so on. */
export function numberedStem(stem: string, place: number): string {
  return place === 0 ? stem : `${stem}--${place + 1}`;
}

/**
 * Copies a file, flushed, and renamed when it is whole; a file system that can lets both share their blocks. Makes the folders.
 * Rejects with `StorageError` and then leaves no temporary file.
 */
export async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = temporaryPath(to);
  try {
    await ensureDir(dirname(to));
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await flush(temporary);
    await rename(temporary, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw toStorageError(error, to);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The content of an input file. Rejects with `InputFileError` where it is not what it was when the run was planned. */
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
  const name = typeof source === 'string' ? source : 'the bytes of an input';
  return new InputFileError(`Expected ${name} to be what it was when the run was planned`, {
    suggestion: 'Leave input files alone while a run uses them, and run the same command again.',
    cause,
  });
}

/** sha256 (hex) of a file's content, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
