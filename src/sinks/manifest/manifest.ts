import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import type { Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { writeChunks } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import { createAppender } from './jsonLines.ts';
import { readOutcome, readOutcomes, scanManifest } from './readOutcomes.ts';

/** The list of a run's outcomes: `manifest.jsonl` during the run, `manifest.json` at its end. */
export interface Manifest {
  /**
   * Appends the outcome as a line and emits it once the line is flushed. Errors with `StorageError`
   * if it cannot be written.
   */
  append(outcome: Outcome): Observable<Outcome>;
  /** Returns true if the job has an outcome here. */
  has(index: number): boolean;
  /** Reads the newest outcome of one job; undefined if it has none. */
  find(index: number): Promise<Outcome | undefined>;
  /** Reads the newest outcome of each job from the disk, in input order and constant memory. */
  outcomes(): AsyncIterable<Outcome>;
  /** Writes `manifest.json`: `{ "run": run, "outcomes": [one for each job, in input order] }`. */
  finish(run: unknown): Promise<void>;
  /** Waits for pending lines and closes the file. The manifest cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the manifest of a run folder, or creates it. Drops a last line that a crash cut off; its
 * job then reaches its outcome again. Memory: 12 bytes a job. Rejects with `StorageError`.
 */
export async function openManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'manifest.jsonl');
  try {
    await ensureDir(folder);
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    return await manifestOf(handle, folder, path).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
  } catch (error) {
    throw toStorageError(error, path);
  }
}

async function manifestOf(handle: FileHandle, folder: string, path: string): Promise<Manifest> {
  const { index, endBytes } = await scanManifest(handle);
  await handle.truncate(endBytes);
  const appender = createAppender(handle, path, endBytes);
  const outcomes = (): AsyncIterable<Outcome> => readOutcomes(handle, index, path);
  return {
    append: (outcome) =>
      fromAbortable(async () => {
        // The index comes first: a scan reads only the beginning of each line.
        const { index: jobIndex, ...rest } = outcome;
        index.set(jobIndex, await appender.append(JSON.stringify({ index: jobIndex, ...rest })));
        return outcome;
      }),
    has: (jobIndex) => index.get(jobIndex) !== undefined,
    find: (jobIndex) => readOutcome(handle, index.get(jobIndex), path),
    outcomes,
    finish: async (run) => {
      await appender.idle();
      appender.check();
      await writeManifestJson(join(folder, 'manifest.json'), run, outcomes());
    },
    close: async () => {
      await appender.idle();
      await handle.close();
    },
  };
}

/**
 * Writes `{ "run": …, "outcomes": [ … ] }` with an outcome a line, in constant memory. The file is
 * replaced as a whole; if this rejects with `StorageError`, it is as it was before.
 */
function writeManifestJson(path: string, run: unknown, outcomes: AsyncIterable<Outcome>): Promise<void> {
  return writeChunks(path, documentOf(run, outcomes));
}

async function* documentOf(run: unknown, outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  yield `{ "run": ${JSON.stringify(run)},\n"outcomes": [`;
  let separator = '\n';
  for await (const outcome of outcomes) {
    yield separator + JSON.stringify(outcome);
    separator = ',\n';
  }
  yield '\n] }\n';
}

/**
 * Reads the newest outcome of each job in a run folder, in input order and constant memory. Yields
 * nothing if there is no manifest. Writes nothing, so a run may be using the folder. Throws
 * `StorageError` at a line that is not an outcome.
 */
export async function* manifestOutcomes(folder: string): AsyncGenerator<Outcome> {
  const path = join(folder, 'manifest.jsonl');
  const handle = await open(path).catch(() => null);
  if (handle === null) return;
  try {
    const { index } = await scanManifest(handle);
    yield* readOutcomes(handle, index, path);
  } finally {
    await handle.close();
  }
}
