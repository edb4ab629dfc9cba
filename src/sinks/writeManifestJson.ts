import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../syncFolder.ts';
import { temporaryPath } from '../temporaryPath.ts';
import { toStorageError } from '../toStorageError.ts';
import type { Outcome } from '../types.ts';

/** Characters gathered before they are written. */
const CHUNK_CHARS = 1 << 18;

/**
 * Writes `{ "run": …, "outcomes": [ … ] }` with an outcome a line, in flat memory however many there are. The file is
 * there as a whole or, where this rejects with `StorageError`, as it was before.
 */
export async function writeManifestJson(
  path: string,
  run: unknown,
  outcomes: AsyncIterable<Outcome>,
): Promise<void> {
  try {
    const handle = await open(temporaryPath(path), 'w');
    try {
      await writeDocument(handle, run, outcomes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporaryPath(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
    throw toStorageError(error, path);
  }
}

async function writeDocument(
  handle: FileHandle,
  run: unknown,
  outcomes: AsyncIterable<Outcome>,
): Promise<void> {
  let chunk = `{ "run": ${JSON.stringify(run)},\n"outcomes": [`;
  let separator = '\n';
  for await (const outcome of outcomes) {
    chunk += separator + JSON.stringify(outcome);
    separator = ',\n';
    if (chunk.length < CHUNK_CHARS) continue;
    await handle.writeFile(chunk);
    chunk = '';
  }
  await handle.writeFile(`${chunk}\n] }\n`);
}
