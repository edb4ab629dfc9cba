import type { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../errors.ts';

export interface FingerprintConfig {
  /** Hash of the input and of all settings that change requests. Default: not checked. */
  fingerprint?: string | undefined;
  /** Fingerprints of what this input only adds to: a folder begun with one of them is that of the same run. Default: none. */
  extendedFrom?: readonly string[] | undefined;
  /** Lets a differing fingerprint pass, and keeps the new one. Default false. */
  resumeAnyway?: boolean | undefined;
}

/**
 * Compares the run's fingerprint with the one that the folder was begun with, and keeps the first one that comes.
 * Returns whether the folder has ever held jobs of another input: then what is saved may be the answer to another request.
 * Throws `UsageError` where they differ and that was not allowed.
 */
export function checkFingerprint(database: DatabaseSync, folder: string, config: FingerprintConfig): boolean {
  const { fingerprint, extendedFrom = [], resumeAnyway = false } = config;
  const stored = database.prepare('SELECT fingerprint FROM run').get()?.fingerprint ?? null;
  if (fingerprint !== undefined && stored !== fingerprint) {
    const isOther = stored !== null && !extendedFrom.some((earlier) => earlier === stored);
    if (isOther && !resumeAnyway) throw otherInput(folder);
    if (isOther) database.exec(NOTE_CHANGE);
    database.prepare('UPDATE run SET fingerprint = ?').run(fingerprint);
  }
  return database.prepare(FIND_CHANGE).get() !== undefined;
}

const NOTE_CHANGE = 'CREATE TABLE IF NOT EXISTS input_changed (never_filled INTEGER) STRICT';
const FIND_CHANGE = "SELECT name FROM sqlite_schema WHERE name = 'input_changed'";

function otherInput(folder: string): UsageError {
  return new UsageError(`Expected the input and settings that ${folder} was begun with, got others.`, {
    suggestion:
      'Choose another folder with --out, or go on here with --resume-anyway: jobs whose request is unchanged are kept.',
  });
}
