import { join } from 'node:path';
import { concatMap, identity, map, type Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { createIndexSet } from '../../base/indexSet.ts';
import { ensureDir } from '../../disk/folders.ts';
import { openOwn, ownFlags } from '../../disk/ownFiles.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { writeChunks } from '../../disk/writeFiles.ts';
import { StorageError, UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import { createAppender } from './jsonLines.ts';
import { readOutcome, readOutcomeLines, readOutcomes } from './readOutcomes.ts';
import { scanManifest, soundLines } from './scanManifest.ts';
import { type UnusedResult, unusedResults } from './unusedResults.ts';

/** The list of a run's outcomes: `manifest.jsonl` during the run, `manifest.json` at its end. */
export interface Manifest {
  /**
   * Appends the outcome as a line and emits it once the line is flushed. Errors with `StorageError`
   * if it cannot be written.
   */
  append(outcome: Outcome): Observable<Outcome>;
  /** Appends outcomes, and emits each of them once all are flushed. Errors as `append` does. */
  appendAll(outcomes: readonly Outcome[]): Observable<Outcome>;
  /** Reads the newest outcome of a job; null if it has none. */
  find(index: number): Promise<Outcome | null>;
  /** Returns true if the job has an outcome here. */
  has(index: number): boolean;
  /** Returns the number of jobs that have an outcome here. */
  size(): number;
  /** Returns the number behind the highest index that has an outcome here; 0 if none has. */
  end(): number;
  /** Indexes of the jobs whose newest outcome is saved. */
  readonly saved: { has(index: number): boolean; values(): Iterable<number> };
  /** Reads the newest outcome of each job from the disk, in input order and constant memory. */
  outcomes(): AsyncIterable<Outcome>;
  /**
   * Reads the outcomes with an output whose end and run time the service had not reported, as
   * `outcomes` does; skips those that this process has appended or read before.
   */
  unmeasured(): AsyncIterable<Outcome>;
  /** Closes the file while `replace` puts another one in its place, and opens that. */
  replaced(replace: () => Promise<void>): Promise<void>;
  /**
   * Writes `manifest.json`: `{ "run": run, "outcomes": [one for each job, in input order] }`, and
   * `"unused": [results that the input no longer asks for]` if there are some.
   */
  finish(run: unknown): Promise<void>;
  /** Waits for pending lines and closes the file. The manifest cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the manifest of a run folder, or creates it. Drops a last line that a crash cut off, and
 * lines with holes; their jobs then reach their outcomes again. Memory: 12 bytes a job. Rejects
 * with `StorageError`, and with `UsageError` if the last line names a file outside of the folder.
 */
export async function openManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'manifest.jsonl');
  try {
    await ensureDir(folder);
    return manifestOf(await openFile(path), folder, path);
  } catch (error) {
    throw error instanceof UsageError ? error : toStorageError(error, path);
  }
}

function manifestOf(file: OpenedFile, folder: string, path: string): Manifest {
  let opened = file;
  const note = (outcome: Outcome): void => {
    opened.checked.add(outcome.index);
    opened.saved[outcome.status === 'saved' ? 'add' : 'delete'](outcome.index);
    opened.measured[isMeasured(outcome) ? 'add' : 'delete'](outcome.index);
  };
  async function* outcomes(isWanted?: (jobIndex: number) => boolean): AsyncGenerator<Outcome> {
    const how = { ...(isWanted && { isWanted }), isChecked: opened.checked.has, onRead: note };
    yield* whole(readOutcomes(opened.handle, opened.index, path, how));
  }
  /** Throws the error of a read; if the file was changed meanwhile, that is why. */
  const unread = (error: unknown): never => {
    if (error instanceof StorageError) opened.appender.check();
    throw error;
  };
  async function* whole<T>(read: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* read;
    } catch (error) {
      unread(error);
    }
  }
  const close = async (): Promise<void> => {
    await opened.appender.idle();
    await opened.handle.close();
  };
  const append = async (added: readonly Outcome[]): Promise<readonly Outcome[]> => {
    const ranges = await opened.appender.append(added.map(outcomeLine));
    for (const [at, outcome] of added.entries()) {
      const range = ranges[at];
      if (range !== undefined) opened.index.set(outcome.index, range);
      note(outcome);
    }
    return added;
  };
  return {
    append: (outcome) => fromAbortable(() => append([outcome])).pipe(map(() => outcome)),
    appendAll: (added) => fromAbortable(() => append(added)).pipe(concatMap(identity)),
    has: (jobIndex) => opened.index.get(jobIndex) !== undefined,
    size: () => opened.index.size,
    end: () => opened.index.end,
    get saved() {
      return opened.saved;
    },
    find: (jobIndex) => readOutcome(opened.handle, opened.index.get(jobIndex), path).catch(unread),
    outcomes: () => outcomes(),
    async *unmeasured() {
      const { measured } = opened;
      for await (const outcome of outcomes((jobIndex) => !measured.has(jobIndex))) {
        if (!measured.has(outcome.index)) yield outcome;
      }
    },
    replaced: async (replace) => {
      await close();
      await replace();
      opened = await openFile(path);
    },
    finish: async (run) => {
      await opened.appender.idle();
      opened.appender.check();
      const lines = whole(readOutcomeLines(opened.handle, opened.index, path, opened.checked.has));
      await writeManifestJson(join(folder, 'manifest.json'), run, lines, unusedResults(folder));
    },
    close,
  };
}

type OpenedFile = Awaited<ReturnType<typeof openFile>>;

async function openFile(path: string) {
  const handle = await openOwn(path, ownFlags.readWriteOrCreate);
  try {
    const { index, saved, endBytes, sizeBytes, hasHoles } = await scanManifest(handle, path);
    if (hasHoles) {
      await writeChunks(path, soundLines(handle));
      await handle.close();
      return await openFile(path);
    }
    await handle.truncate(endBytes);
    // Otherwise a power cut may leave a mixture of dropped lines and the lines in their place.
    if (endBytes < sizeBytes) await handle.datasync();
    return {
      handle,
      index,
      saved,
      appender: createAppender(handle, path, endBytes),
      /** Jobs whose newest line this process has written or parsed. */
      checked: createIndexSet(),
      /** Those of them about which the service has no more to report. */
      measured: createIndexSet(),
    };
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

/** Returns true if the service named an end or a run time: then it has no more to report. */
function isMeasured({ status, metrics, completedAt, estimatedUsd }: Outcome): boolean {
  const hasOutput = status === 'saved' || estimatedUsd !== undefined;
  return !hasOutput || completedAt !== null || typeof metrics.predict_time === 'number';
}

/** Returns the line of an outcome, without its newline. A scan reads its first fields only. */
export function outcomeLine({ index, key, status, ...rest }: Outcome): string {
  return JSON.stringify({ index, key, status, ...rest });
}

/**
 * Writes `{ "run": …, "outcomes": [ … ] }` with an outcome a line, in constant memory. The file is
 * replaced as a whole; if this rejects with `StorageError`, it is as it was before.
 */
function writeManifestJson(
  path: string,
  run: unknown,
  outcomes: AsyncIterable<readonly string[]>,
  unused: AsyncIterable<UnusedResult>,
): Promise<void> {
  return writeChunks(path, documentOf(run, outcomes, unused));
}

async function* documentOf(
  run: unknown,
  outcomes: AsyncIterable<readonly string[]>,
  unused: AsyncIterable<UnusedResult>,
): AsyncGenerator<string> {
  yield `{ "run": ${JSON.stringify(run)},\n"outcomes": [`;
  let separator = '\n';
  for await (const lines of outcomes) {
    yield separator + lines.join(',\n');
    separator = ',\n';
  }
  yield '\n]';
  separator = ',\n"unused": [\n';
  for await (const { outcome } of unused) {
    const { index: lastIndex, ...rest } = outcome;
    yield separator + JSON.stringify({ lastIndex, ...rest });
    separator = ',\n';
  }
  // An ordinary run has none, and no such field.
  yield separator === ',\n' ? '\n] }\n' : ' }\n';
}

/**
 * Reads the newest outcome of each job in a run folder, in input order and constant memory. Yields
 * nothing if there is no manifest. Writes nothing, so a run may be using the folder. Throws
 * `StorageError` at a line that is not an outcome, `UsageError` at one that names a file outside of
 * the folder.
 */
export async function* manifestOutcomes(folder: string): AsyncGenerator<Outcome> {
  const path = join(folder, 'manifest.jsonl');
  const handle = await openOwn(path).catch(() => null);
  if (handle === null) return;
  try {
    const { index } = await scanManifest(handle, path);
    yield* readOutcomes(handle, index, path);
  } finally {
    await handle.close();
  }
}
