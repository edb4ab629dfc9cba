import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { isMissing } from './storageError.ts';
import { writeAtomically } from './writeFiles.ts';

/** Returns a value as the JSON that run folders hold: indented by two spaces, with a newline at its end. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes a value as JSON, whole or not at all. Rejects with `StorageError` if the disk refuses. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomically(path, prettyJson(value));
}

/**
 * Reads JSON that an earlier run wrote; null if there is no such file. Rejects with `UsageError` if it is not
 * what the schema describes.
 */
export async function readOwnJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw new UsageError(`${path} is damaged: it is not the file that rxposure wrote`, {
      suggestion: 'Restore the file from a copy, or choose another folder with --out.',
      cause,
    });
  }
}
