import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  return { process, ...(await readJournal(folder)) };
}

const nothing = { total: null, inFlight: 0, models: [] };
const begunSchema = z.object({ total: z.int().nullable() });
const jobsSchema = z.array(z.object({ model: z.string().nullable(), open: z.int() }));

/** Reads as much as the journal gives out: it may be damaged, or be written to. */
async function readJournal(folder: string): Promise<Omit<UnfinishedRun, 'process'>> {
  const path = join(folder, 'run.sqlite');
  if (!existsSync(path)) return nothing;
  const copies = await mkdtemp(join(tmpdir(), 'rxposure-'));
  try {
    const copy = join(copies, 'run.sqlite');
    await copyFile(path, copy);
    if (existsSync(`${path}-wal`)) await copyFile(`${path}-wal`, `${copy}-wal`);
    const database = new (loadSqlite().DatabaseSync)(copy);
    try {
      const { total } = begunSchema.parse(database.prepare('SELECT total FROM run').get());
      const jobs = jobsSchema.parse(database.prepare(BY_MODEL).all());
      return {
        total,
        inFlight: jobs.reduce((sum, { open }) => sum + open, 0),
        models: jobs.flatMap(({ model }) => model ?? []),
      };
    } finally {
      database.close();
    }
  } catch {
    return nothing;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

const BY_MODEL = `
  SELECT json_extract(request, '$.model') AS model,
    sum(state IN ('intended', 'created', 'ended')) AS open
  FROM job WHERE job_index IS NOT NULL GROUP BY model ORDER BY count(*) DESC`;
