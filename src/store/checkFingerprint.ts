import type { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../errors.ts';

export interface FingerprintConfig {
  /** Hash of the input and of all settings that change requests. Default: not checked. */
  fingerprint?: string | undefined;
  /** Lets a differing fingerprint pass, and keeps the new one. Default false. */
  resumeAnyway?: boolean | undefined;
}

/**
 * Compares the run's fingerprint with the one that the folder was begun with, and keeps the first one that comes.
 * Returns whether they differ. Throws `UsageError` where they do and that was not allowed.
 */
export function checkFingerprint(database: DatabaseSync, folder: string, config: FingerprintConfig): boolean {
  const { fingerprint, resumeAnyway = false } = config;
  if (fingerprint === undefined) return false;
  const stored = database.prepare('SELECT fingerprint FROM run').get()?.fingerprint ?? null;
  if (stored === fingerprint) return false;
  if (stored !== null && !resumeAnyway) {
    throw new UsageError(`Expected the input and settings that ${folder} was begun with, got others.`, {
      suggestion:
        'Choose another folder with --out, or go on here with --resume-anyway: jobs whose request is unchanged are kept.',
    });
  }
  database.prepare('UPDATE run SET fingerprint = ?').run(fingerprint);
  return stored !== null;
}
