import { join, relative, sep } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pathBelow } from '../../disk/insideFolder.ts';
import type { ImageFile, Plan } from '../../types.ts';
import type { StoredJob, StoredRecord } from '../entries.ts';
import { toJournalError } from './database.ts';
import type { JobTable } from './jobTable.ts';

/** A file of the run folder to move, by paths below it. */
export interface FileMove {
  readonly id: number;
  readonly oldPath: string;
  readonly newPath: string;
  /** Index of the job whose sidecar it is; null for other files. */
  readonly sidecarOf: number | null;
}

/** A job of the folder that the input asks for. */
export interface MatchedJob {
  readonly id: number;
  readonly key: string;
  /** Its index so far; null if the input did not ask for it. */
  readonly oldIndex: number | null;
}

/**
 * Matches the jobs of a folder with those of an input. Use it in this order: `add` every job of the
 * input, `resolve`, read, `move` files, `apply`.
 */
export interface JobMatching {
  add(plan: Pick<Plan, 'index' | 'key'>): void;
  /** Matches; returns the number of jobs that the input no longer asks for, and did until now. */
  resolve(): number;
  /** Returns the folder's job for an index of the input; undefined if it is new. */
  at(index: number): MatchedJob | undefined;
  /** Yields the jobs that the input does not ask for, those of earlier inputs included. */
  unused(): Iterable<MatchedJob>;
  /** Returns the record of a job as it was before the match. */
  recordOf(job: MatchedJob): StoredRecord | undefined;
  /** Notes a file that gets another name. */
  move(move: Omit<FileMove, 'id'>): void;
  /**
   * Writes the new indexes and the list of files to move, in the open transaction; calls `onPlaced`
   * with each new index.
   */
  apply(onPlaced: (id: number, index: number | null) => void): void;
}

/**
 * Creates a matching by keys: the n-th of several identical requests gets the n-th result that the
 * folder has for it, saved ones first. Works in temporary tables, so memory stays flat for any
 * number of jobs.
 */
export function createJobMatching(database: DatabaseSync, table: JobTable, folder: string): JobMatching {
  database.exec(`
    DROP TABLE IF EXISTS temp.wanted;
    DROP TABLE IF EXISTS temp.matched;
    DROP TABLE IF EXISTS temp.moving;
    CREATE TEMP TABLE wanted (job_index INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
    CREATE TEMP TABLE matched (id INTEGER PRIMARY KEY, new_index INTEGER NOT NULL UNIQUE) STRICT;
    CREATE TEMP TABLE moving (old_path TEXT PRIMARY KEY, new_path TEXT NOT NULL, sidecar_of INTEGER) STRICT;
  `);
  const addWanted = database.prepare('INSERT INTO wanted VALUES (?, ?)');
  const addMove = database.prepare('INSERT OR REPLACE INTO moving VALUES (?, ?, ?)');
  const matchedAt = database.prepare(
    'SELECT job.id, job.job_index, key FROM matched JOIN job ON job.id = matched.id WHERE new_index = ?',
  );
  const moveOf = database.prepare('SELECT new_path FROM moving WHERE old_path = ?');
  return {
    add: ({ index, key }) => {
      addWanted.run(index, key);
    },
    resolve() {
      database.exec(MATCH_IN_PLACE);
      database.exec(MATCH_BY_KEY);
      const dropped = `SELECT count(*) AS number FROM job WHERE job_index IS NOT NULL AND ${UNMATCHED}`;
      return Number(database.prepare(dropped).get()?.number ?? 0);
    },
    at: (index) => matchedJob(matchedAt.get(index)),
    *unused() {
      const rows = database
        .prepare(`SELECT id, job_index, key FROM job WHERE ${UNMATCHED} ORDER BY id`)
        .iterate();
      for (const row of rows) {
        const job = matchedJob(row);
        if (job !== undefined) yield job;
      }
    },
    recordOf({ id }) {
      try {
        return table.get(id)?.record;
      } catch (error) {
        throw toJournalError(error, join(folder, 'run.sqlite'));
      }
    },
    move: ({ oldPath, newPath, sidecarOf }) => {
      addMove.run(oldPath, newPath, sidecarOf);
    },
    apply(onPlaced) {
      const newIndexes = changedIndexes();
      // First all of them lose their index: two jobs may swap theirs.
      const free = database.prepare('UPDATE job SET job_index = NULL WHERE id = ?');
      for (const [id, index] of newIndexes) {
        free.run(id);
        onPlaced(id, index);
      }
      for (const { id } of database.prepare('SELECT id FROM job').all()) {
        const job = table.get(Number(id));
        if (job === undefined) continue;
        const changed = changedJob(job, newIndexes.get(job.id));
        if (changed !== null) table.put(changed);
      }
      database.exec('INSERT INTO file_move SELECT NULL, old_path, new_path, sidecar_of FROM moving');
    },
  };

  /** Returns the new index of each job that gets another one, or none. */
  function changedIndexes(): Map<number, number | null> {
    const changed = database.prepare(
      `SELECT job.id, new_index ${MOVED} UNION ALL SELECT id, NULL FROM job WHERE job_index IS NOT NULL AND ${UNMATCHED}`,
    );
    const rows = changed
      .all()
      .map(({ id, new_index: index }): [number, number | null] => [
        Number(id),
        index === null ? null : Number(index),
      ]);
    return new Map(rows);
  }

  /** Returns a job with its new index and the new names of its files; null if both stay. */
  function changedJob(job: StoredJob, index: number | null | undefined): StoredJob | null {
    const files = job.record.files.map(moved);
    // Files of a job may move though its index stays.
    const isMoved = files.some(({ path }, file) => path !== job.record.files[file]?.path);
    if (index === undefined && !isMoved) return null;
    return { ...job, index: index === undefined ? job.index : index, record: { ...job.record, files } };
  }

  function moved(file: ImageFile): ImageFile {
    const { path, untouched } = file;
    return {
      ...file,
      path: newPathOf(path),
      ...(untouched === undefined ? {} : { untouched: { ...untouched, path: newPathOf(untouched.path) } }),
    };
  }

  function newPathOf(path: string): string {
    const found = moveOf.get(relative(folder, path).replaceAll(sep, '/'));
    return found === undefined ? path : pathBelow(folder, String(found.new_path));
  }
}

function matchedJob(row: Readonly<Record<string, unknown>> | undefined): MatchedJob | undefined {
  if (row === undefined) return undefined;
  const oldIndex = row.job_index === null ? null : Number(row.job_index);
  return { id: Number(row.id), key: String(row.key), oldIndex };
}

/** Saved jobs whose request is still at the same index stay there. */
const MATCH_IN_PLACE = `
  INSERT INTO matched
    SELECT job.id, wanted.job_index FROM wanted
    JOIN job ON job.job_index = wanted.job_index AND job.key = wanted.key AND job.state = 'saved'`;

/** The others are counted off by key: the more a job has, the sooner it is taken. */
const MATCH_BY_KEY = `
  INSERT INTO matched
    SELECT known.id, asked.job_index FROM
      (SELECT job_index, key, row_number() OVER (PARTITION BY key ORDER BY job_index) AS number
        FROM wanted WHERE job_index NOT IN (SELECT new_index FROM matched)) AS asked
    JOIN
      (SELECT id, key, row_number() OVER (
          PARTITION BY key
          ORDER BY CASE state WHEN 'saved' THEN 0 WHEN 'downloaded' THEN 1 WHEN 'created' THEN 2
            WHEN 'intended' THEN 3 ELSE 4 END, job_index IS NULL, job_index, id) AS number
        FROM job WHERE id NOT IN (SELECT id FROM matched)) AS known
    ON known.key = asked.key AND known.number = asked.number`;

const UNMATCHED = 'id NOT IN (SELECT id FROM matched)';
const MOVED = 'FROM matched JOIN job ON job.id = matched.id WHERE job_index IS NOT new_index';
