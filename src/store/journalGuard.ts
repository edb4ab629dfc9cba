import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { fileChangedError, findFileChange } from '../disk/storageError.ts';
import { makeFolder, temporaryPath } from '../disk/writeFiles.ts';
import type { StorageError } from '../errors.ts';
import { rollBack } from './database.ts';

/** Notices when somebody deletes, moves or cuts the journal while it is open. */
interface JournalGuard {
  /** Throws `StorageError` where that has happened, from then on each time. Takes some microseconds. */
  check(): void;
  /** Call it after the database is closed: until then the system would take its lock away with these handles. */
  close(): void;
}

const WRITTEN_BACK =
  'It has been written back: run the same command again, and what was made is fetched, not paid, again. ' +
  'To begin anew instead, delete the folder first.';
const BRING_BACK =
  'Bring it back as it was and run the same command again: without it nobody knows what has been paid.';
const MOVE_BACK = 'and run the same command again: what was made is fetched, not paid, again.';

/**
 * Guards the open database at `path` and its write-ahead log. SQLite goes on writing to deleted files, so a run would pay
 * and forget. As long as it is open everything is still there, so a deleted journal is written back under its name, or
 * beside the folder where something else stands in the folder's place.
 */
export function createJournalGuard(database: DatabaseSync, path: string): JournalGuard {
  const files = [path, `${path}-wal`].map((name) => ({ name, fd: openSync(name, 'r'), bytes: 0 }));
  let fault: StorageError | null = null;
  return {
    check: () => {
      if (fault !== null) throw fault;
      for (const file of files) {
        const change = findFileChange(file.fd, file.name, file.bytes);
        // Neither file becomes shorter while it is open.
        if (change === null) file.bytes = fstatSync(file.fd).size;
        if (change === null) continue;
        rollBack(database);
        fault = fileChangedError(
          file.name,
          change,
          change === 'removed' ? rescue(database, path) : BRING_BACK,
        );
        throw fault;
      }
    },
    close: () => {
      for (const { fd } of files) closeSync(fd);
    },
  };
}

/** Saves what a deleted journal knows; returns what the user can do now. */
function rescue(database: DatabaseSync, path: string): string {
  if (writeBack(database, path)) return WRITTEN_BACK;
  const beside = `${dirname(path)}.run.sqlite`;
  return writeBack(database, beside)
    ? `It has been written to ${beside}: move it to ${path} ${MOVE_BACK}`
    : BRING_BACK;
}

/** Writes everything that an open database holds to `path`, folders included, whole or not at all. Returns whether it could. */
function writeBack(database: DatabaseSync, path: string): boolean {
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
