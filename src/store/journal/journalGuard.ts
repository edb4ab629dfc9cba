import { closeSync, fdatasync, fdatasyncSync, fstatSync, fsyncSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder, syncFolderNow } from '../../disk/folders.ts';
import { fromCallback } from '../../disk/fromCallback.ts';
import { openOwnSync, ownFlags } from '../../disk/ownFiles.ts';
import { fileChangedError, findFileChange } from '../../disk/storageError.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import type { StorageError } from '../../errors.ts';
import { rollBack } from './database.ts';
import type { CommitDisk } from './groupCommit.ts';

/**
 * Notices if the journal is deleted, moved or cut while it is open. Flushes its write-ahead log,
 * which has all commits.
 */
interface JournalGuard extends CommitDisk {
  /**
   * Throws `StorageError` once that has happened, at every call from then on. Takes some
   * microseconds.
   */
  check: CommitDisk['check'];
  /**
   * Closes its file handles. Call it after the database is closed: closing them earlier would end
   * the database's lock.
   */
  close(): void;
}

const WRITTEN_BACK =
  'It has been written back: run the same command again. Images that were made are downloaded, not paid, again. ' +
  'To start over instead, delete the folder first.';
const BRING_BACK =
  'Restore it as it was and run the same command again: without it there is no record of the payments.';
const RUN_AGAIN = 'Run the same command again: it builds the journal again from `journal.jsonl`.';
const MOVE_BACK = 'and run the same command again. Images that were made are downloaded, not paid, again.';

/**
 * Creates a guard of the open database at `path` and its write-ahead log. SQLite keeps writing to
 * deleted files, so a run would pay and lose the record. Until it is closed the data are still
 * there, so a deleted journal is written back under its name, or beside the folder if something
 * else has taken the folder's name.
 */
export function createJournalGuard(database: DatabaseSync, path: string): JournalGuard {
  // SQLite would block the thread while it flushes. Without that the database stays sound, and data
  // that is flushed here survives a power cut, with the name of its log.
  database.exec('PRAGMA synchronous = NORMAL');
  syncFolderNow(dirname(path));
  // Windows flushes only files that are open for writing.
  const opened = (name: string) => ({ name, fd: openOwnSync(name, ownFlags.readWrite), bytes: 0 });
  const log = opened(`${path}-wal`);
  const files = [opened(path), log];
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
          change === 'removed' ? rescue(database, path) : RUN_AGAIN,
        );
        throw fault;
      }
    },
    flush: () => fromCallback((done) => fdatasync(log.fd, done)),
    flushSync: () => fdatasyncSync(log.fd),
    close: () => {
      for (const { fd } of files) closeSync(fd);
    },
  };
}

/** Writes a deleted journal back; returns the advice to the user. */
function rescue(database: DatabaseSync, path: string): string {
  if (writeBack(database, path)) return WRITTEN_BACK;
  const beside = `${dirname(path)}.run.sqlite`;
  return writeBack(database, beside)
    ? `It has been written to ${beside}: move it to ${path} ${MOVE_BACK}`
    : BRING_BACK;
}

/**
 * Copies an open database to `path`, folders included, whole or not at all. Returns true if it
 * succeeds.
 */
function writeBack(database: DatabaseSync, path: string): boolean {
  const part = newTemporaryPath(path);
  try {
    makeFolder(dirname(path));
    database.prepare('VACUUM INTO ?').run(part);
    flushFile(part);
    // SQLite would take a log of the deleted database for one of the new.
    rmSync(`${path}-wal`, { force: true });
    renameSync(part, path);
    return true;
  } catch {
    return false;
  }
}

function flushFile(path: string): void {
  const fd = openOwnSync(path, ownFlags.readWrite);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
