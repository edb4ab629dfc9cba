import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../makeFolder.ts';
import { temporaryPath } from '../temporaryPath.ts';

/** Writes everything that an open database holds to `path`, folders included, whole or not at all. Returns whether it could. */
export function writeBack(database: DatabaseSync, path: string): boolean {
  const part = temporaryPath(path);
  try {
    makeFolder(dirname(path));
    // SQLite adds to no file that is there already.
    rmSync(part, { force: true });
    database.prepare('VACUUM INTO ?').run(part);
    flushFile(part);
    // A log that is left from the deleted database would be taken for the new one's.
    rmSync(`${path}-wal`, { force: true });
    renameSync(part, path);
    return true;
  } catch {
    return false;
  }
}

function flushFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
