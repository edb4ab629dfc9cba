import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../errors.ts';
import { makeFolder } from '../makeFolder.ts';
import { toStorageError } from '../toStorageError.ts';

/**
 * Writes prompts that come through a pipe to `stdin.txt` in the run folder, so that they can be read twice, and
 * returns its path. The file appears whole or not at all: an earlier one stays until the new one is complete.
 *
 * Throws `UsageError` where nothing came or the folder cannot be written.
 */
export async function spoolPrompts(input: Readable, folder: string): Promise<string> {
  const path = join(folder, 'stdin.txt');
  const partPath = `${path}.part`;
  try {
    makeFolder(folder);
    await pipeline(input, createWriteStream(partPath, { flush: true }));
    if ((await stat(partPath)).size === 0) {
      throw new UsageError('Expected prompts on standard input, got nothing', {
        suggestion: 'Pipe a prompt a line into the command, or name a prompt file instead of -.',
      });
    }
    await rename(partPath, path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `Expected a run folder that can be written, got: ${toStorageError(error, path).message}`,
      {
        suggestion: 'Choose another folder with --out.',
        cause: error,
      },
    );
  } finally {
    await rm(partPath, { force: true }).catch(() => {});
  }
  return path;
}
