import type { DatabaseSync } from 'node:sqlite';

/** Takes the open transaction back, if there still is one. */
export function rollBack(database: Pick<DatabaseSync, 'exec'>): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // Where the disk is full SQLite has ended the transaction already.
  }
}
