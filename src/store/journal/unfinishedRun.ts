import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type HolderState, parseHolder, stateOf, thisProcess } from '../../disk/lease/leaseHolder.ts';
import { contentAt } from '../../disk/lease/placeLease.ts';
import { loadSqlite } from './database.ts';

/** A run that is in progress, or was killed, as its journal has it. */
export interface UnfinishedRun {
  /** The state of its process. */
  readonly process: HolderState;
  /** The number of its jobs; null if that is not known. */
  readonly total: number | null;
  /** Jobs whose files it has not fetched yet. */
  readonly inFlight: number;
  /** The models of its jobs, those with most jobs first. */
  readonly models: readonly string[];
}

/**
 * Reads the state of an unfinished run from the journal of its folder; null if the last run has
 * ended. Touches nothing: the journal is read from a copy.
 */
export async function unfinishedRun(folder: string): Promise<UnfinishedRun | null> {
  const lease = await contentAt(join(folder, 'run.lock')).catch(() => null);
  if (lease === null) return null;
  const holder = parseHolder(lease);
  if (holder?.ended === true) return null;
  const process = holder === null ? 'unknown' : stateOf(holder, thisProcess(''));
  return { process, ...(await readJournal(folder, jobsIn, nothing)) };
}

/**
 * Reads the money that is reserved for jobs without an outcome of their own: their predictions were
 * left to the service. Null if the journal does not give it out. Touches nothing either.
 */
export async function reservedMicroUsd(folder: string): Promise<number | null> {
  return readJournal(folder, (database) => Number(database.prepare(RESERVED).get()?.micro_usd ?? 0), null);
}

const nothing = { total: null, inFlight: 0, models: [] };
const begunSchema = z.object({ total: z.int().nullable() });
const jobsSchema = z.array(z.object({ model: z.string().nullable(), open: z.int() }));

function jobsIn(database: DatabaseSync): Omit<UnfinishedRun, 'process'> {
  const { total } = begunSchema.parse(database.prepare('SELECT total FROM run').get());
  const jobs = jobsSchema.parse(database.prepare(BY_MODEL).all());
  return {
    total,
    inFlight: jobs.reduce((sum, { open }) => sum + open, 0),
    models: jobs.flatMap(({ model }) => model ?? []),
  };
}

/** Reads as much as the journal gives out, else `missing`: it may be damaged, or be written to. */
async function readJournal<T, M>(
  folder: string,
  read: (database: DatabaseSync) => T,
  missing: M,
): Promise<T | M> {
  const path = join(folder, 'run.sqlite');
  if (!existsSync(path)) return missing;
  const copies = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    const copy = join(copies, 'run.sqlite');
    await copyFile(path, copy);
    if (existsSync(`${path}-wal`)) await copyFile(`${path}-wal`, `${copy}-wal`);
    const database = new (loadSqlite().DatabaseSync)(copy);
    try {
      return read(database);
    } finally {
      database.close();
    }
  } catch {
    return missing;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

const RESERVED = `
  SELECT sum(open_micro_usd) AS micro_usd FROM job WHERE job_index IS NOT NULL AND state <> 'failed'`;

const BY_MODEL = `
  SELECT json_extract(request, '$.model') AS model,
    sum(state IN ('intended', 'created', 'ended')) AS open
  FROM job WHERE job_index IS NOT NULL GROUP BY model ORDER BY count(*) DESC`;
