import { closeSync, existsSync, fstatSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { openOwnSync, ownFlags } from '../../disk/ownFiles.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import { option, UsageError } from '../../errors.ts';
import { isDamage, openDatabase, toJournalError } from './database.ts';
import {
  type EntryLog,
  type LogState,
  openEntryLog,
  readEntryLog,
  readLogEnd,
  readLogHeader,
  writeEntryLog,
} from './entryLog.ts';
import { createJobTable, type JobTable } from './jobTable.ts';
import { replayLog } from './replayLog.ts';
import { scanLog } from './scanLog.ts';
import { isForeign, prepareTables, SCHEMA_VERSION } from './tables.ts';

/** The files of a journal, open and in agreement. */
export interface DatabaseAndLog {
  readonly database: DatabaseSync;
  readonly table: JobTable;
  readonly log: EntryLog;
  /** Repairs that were made, in words; empty if none was needed. */
  readonly repairs: readonly string[];
}

interface Place {
  /** Absolute path of the run folder. */
  readonly folder: string;
  /** Path of the database. */
  readonly path: string;
  readonly logPath: string;
}

/**
 * Opens a journal's database and its entry log, and lets each repair the other. Checks the database
 * first: against the size and checksum that the last run noted at its end, else row by row. A
 * database that is damaged or gone is built again from the log, one that is older than the log gets
 * the entries that it lacks, and a log that is gone or shorter is written again.
 *
 * Throws `UsageError` if neither of them is complete: then images might be paid again.
 */
export function openDatabaseAndLog(place: Place): DatabaseAndLog {
  const { path, logPath } = place;
  const wasThere = existsSync(path);
  // Uncommitted pages, or a run that did not reach its end.
  const hadWal = sizeOf(`${path}-wal`) > 0;
  const logEnd = readLogEnd(logPath);
  // Before the database is open: closing another handle of the file would end its lock.
  const isClean = logEnd !== null && wasThere && !hadWal && isAsLeft(path, logEnd.end);
  if (!wasThere && existsSync(logPath)) return rebuilt(place, 'run.sqlite was missing');
  const opened = tryOpen(place);
  if (opened === null) return rebuilt(place, 'run.sqlite was damaged');
  const { database, table } = opened;
  try {
    if (isClean && stateOf(database).log === logEnd.log) {
      return { database, table, log: openEntryLog(logPath, logEnd), repairs: [] };
    }
    if (!isSound(database, table)) {
      database.close();
      return rebuilt(place, 'run.sqlite was damaged');
    }
    return agreed(place, opened);
  } catch (error) {
    closeQuietly(database);
    throw toJournalError(error, path);
  }
}

type Opened = Pick<DatabaseAndLog, 'database' | 'table'>;

/** Opens the database; null if it is damaged and there is a log to build it from. */
function tryOpen({ folder, path, logPath }: Place): Opened | null {
  try {
    const database = openDatabase(path, (opened) =>
      prepareTables(opened, path, () => createJobTable(opened, folder).writeChecksums()),
    );
    return { database, table: createJobTable(database, folder) };
  } catch (error) {
    // A newer version of rxposure would have written its number into the log too.
    const schema = readLogHeader(logPath)?.schema ?? null;
    if (schema === SCHEMA_VERSION && (isDamage(error) || isForeign(error))) return null;
    throw error;
  }
}

/** Returns the log that a database belongs to, and the last line of it that it has. */
function stateOf(database: DatabaseSync): { log: string | null; seq: number } {
  const row = database.prepare('SELECT log_id, log_seq FROM run').get();
  return { log: row?.log_id == null ? null : String(row.log_id), seq: Number(row?.log_seq ?? 0) };
}

function setState(database: DatabaseSync, { log, lastSeq }: Pick<LogState, 'log' | 'lastSeq'>): void {
  database.prepare('UPDATE run SET log_id = ?, log_seq = ?').run(log, lastSeq);
}

/** Returns true if the database is byte for byte as the last run has left it. */
function isAsLeft(path: string, { bytes, crcOfDatabase }: { bytes: number; crcOfDatabase: number }): boolean {
  const found = checksumOfFile(path);
  return found.bytes === bytes && found.crcOfDatabase === crcOfDatabase;
}

function isSound(database: DatabaseSync, table: JobTable): boolean {
  try {
    const [first] = database.prepare('PRAGMA integrity_check(1)').all();
    return first?.integrity_check === 'ok' && table.isSound();
  } catch {
    return false;
  }
}

/** Lets a sound database and its log agree. */
function agreed(place: Place, opened: Opened): DatabaseAndLog {
  const { logPath } = place;
  const { database, table } = opened;
  const { log, seq } = stateOf(database);
  const found = scanLog(logPath, seq);
  if (found === null) return { ...opened, log: newLog(place, opened), repairs: [] };
  if (found.header === '' && log !== null && !found.isDamagedAfter) {
    return { ...opened, log: newLog(place, opened), repairs: [] };
  }
  if (found.header !== log || log === null || found.firstSeq > seq) {
    // The database is a new one, or from before the log was last written as a whole.
    database.close();
    return rebuilt(place, 'run.sqlite was older than its log');
  }
  if (found.isDamagedAfter) throw noWitness(place);
  if (found.isDamaged || found.lastSeq < seq) {
    // A bit of the log was turned around, or a power cut took its end, which is not flushed.
    return { ...opened, log: newLog(place, opened), repairs: [] };
  }
  // Places at the end came with moves of files that the database does not have either.
  const state = { log, ...found.settled };
  const missing = state.lastSeq - seq;
  if (missing > 0) replayLog(database, table, readEntryLog(logPath), { from: seq, to: state.lastSeq });
  setState(database, state);
  const isOlder = found.isLaterRun || missing > ENTRIES_OF_A_KILL;
  return {
    ...opened,
    log: openEntryLog(logPath, state),
    repairs: isOlder ? [`run.sqlite was older than its log: ${missing} entries were added`] : [],
  };
}

/** A kill between log and database leaves one group of entries at most; that is no repair. */
const ENTRIES_OF_A_KILL = 5_000;

/** Writes the log again from the database. */
function newLog({ logPath }: Place, { database, table }: Opened): EntryLog {
  const { seq } = stateOf(database);
  const state = writeEntryLog(logPath, {
    seq,
    jobs: table.all(),
    knownIds: table.predictionIds(),
    schema: SCHEMA_VERSION,
  });
  setState(database, state);
  return openEntryLog(logPath, state);
}

/** Builds the database again from its log, and keeps the old one as `run.sqlite.damaged`. */
function rebuilt(place: Place, reason: string): DatabaseAndLog {
  const { folder, path, logPath } = place;
  const found = scanLog(logPath, 0);
  if (found === null || found.isDamaged) throw noWitness(place);
  const part = newTemporaryPath(path);
  // SQLite takes an empty file for a new database: this one is ours.
  closeSync(openOwnSync(part, ownFlags.create));
  const fresh = openDatabase(part, (database) => prepareTables(database, part, () => {}));
  replayLog(fresh, createJobTable(fresh, folder), readEntryLog(logPath), { from: -1, to: found.lastSeq });
  setState(fresh, { log: found.header, lastSeq: found.lastSeq });
  fresh.close();
  if (existsSync(path)) renameSync(path, `${path}.damaged`);
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  renameSync(part, path);
  const opened = tryOpen(place);
  if (opened === null) throw noWitness(place);
  const state = { log: found.header, lastSeq: found.lastSeq, endBytes: found.endBytes };
  return {
    ...opened,
    log: openEntryLog(logPath, state),
    repairs: [`${reason}, and was built again from journal.jsonl`],
  };
}

function closeQuietly(database: DatabaseSync): void {
  try {
    database.close();
  } catch {
    // It was closed before.
  }
}

function noWitness({ path, logPath }: Place): UsageError {
  return new UsageError(
    `${path} is damaged or older than ${logPath}, which is damaged too: there is no whole record of the payments.`,
    {
      suggestion:
        `Restore both files from the same copy, or choose another folder with ${option('--out')}. Delete the folder only if all ` +
        'images of this run may be made, and paid for, again.',
    },
  );
}

/** Returns size and CRC-32 of a file, read in pieces. */
export function checksumOfFile(path: string): { bytes: number; crcOfDatabase: number } {
  const fd = openOwnSync(path);
  try {
    const chunk = Buffer.allocUnsafe(Math.min(1 << 20, fstatSync(fd).size + 1));
    let crcOfDatabase = 0;
    let bytes = 0;
    for (;;) {
      const read = readSync(fd, chunk, 0, chunk.length, bytes);
      if (read === 0) return { bytes, crcOfDatabase };
      crcOfDatabase = crc32(chunk.subarray(0, read), crcOfDatabase);
      bytes += read;
    }
  } finally {
    closeSync(fd);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
