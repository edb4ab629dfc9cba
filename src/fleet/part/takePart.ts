import { concatMap, type Observable, of } from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { StorageError } from '../../errors.ts';
import { outcomeSchema } from '../../sinks/manifest/readOutcomes.ts';
import { storedJob } from '../../store/journal/jobTable.ts';
import type { Plan } from '../../types.ts';
import type { Database, Row } from '../database/connection.ts';
import { fenced } from '../database/databaseErrors.ts';
import { createCall, type PartCallsConfig, type PartOfRun } from '../database/partCalls.ts';
import type { TaskClaim } from '../engine/engine.ts';
import { unpackPlans } from '../packedPlans.ts';
import type { PartJob } from './partJournal.ts';

/** A part that a worker asks for. */
export interface PartToTake {
  readonly run: number;
  readonly part: number;
  /** Name of the worker, for people. */
  readonly owner: string;
  /** True if its last owner has died with it. */
  readonly afterDeath: boolean;
  /** Folder of the worker, which files of the part are in; absolute. */
  readonly folder: string;
  /**
   * The claim of its task: if another worker has that by now, the part is not taken. Default: not
   * checked.
   */
  readonly claim?: TaskClaim;
}

/** A part in the hands of this worker. */
export interface TakenPart extends PartOfRun {
  readonly plans: readonly Plan[];
  /** The jobs of which earlier owners have noted something; moments are by this machine's clock. */
  readonly jobs: readonly PartJob[];
  /** Workers that have died with it, one after the other and without progress. */
  readonly deaths: number;
  /** Index of a job on which three of them have died that ran it alone; null: there is none. */
  readonly suspect: number | null;
  readonly isPaused: boolean;
  /** How far the clock of this machine is ahead of the database's. */
  readonly aheadMs: number;
  /** When it was taken, ms since 1970 by the database's clock. */
  readonly takenAtMs: number;
}

/** A part that was taken, and cannot be read. */
export class DamagedPartError extends StorageError {
  readonly taken: PartOfRun;

  constructor(taken: PartOfRun, cause: unknown) {
    super('ERR_DAMAGED_PART', `Part ${taken.part + 1} of the run cannot be read from the database.`, {
      suggestion: 'Check that all workers have the same version of rxposure; then begin the run again.',
      cause,
    });
    this.taken = taken;
  }
}

const jobSchema = z.looseObject({
  job_index: z.int(),
  seq: z.int(),
  slot: z.int().nullable(),
  intended_at_ms: z.number().nullable(),
  outcome: z
    .string()
    .nullable()
    .transform((text) => (text === null ? null : outcomeSchema.parse(JSON.parse(text)))),
});

const ownedSchema = z.object({ epoch: z.int().nullable(), now_ms: z.number().nullable() });
const takenSchema = z.object({
  plans: z.instanceof(Uint8Array),
  deaths: z.int(),
  suspect: z.int().nullable(),
  run_state: z.string().nullable(),
  jobs: z.array(jobSchema),
});

/**
 * Takes a part for this worker: from now on its earlier owner is refused. Emits null if it is done.
 * A call whose response was lost is repeated, and counts no death. Emits `ERR_FENCED` if the task
 * is another worker's by now, `DamagedPartError` if the part is taken and cannot be read.
 */
export function takePart(
  { query }: Pick<Database, 'query'>,
  { run, part, owner, afterDeath, folder, claim }: PartToTake,
  config: PartCallsConfig = {},
): Observable<TakenPart | null> {
  const { scheduler = monotonicScheduler } = config;
  const { name = null, sql = 'SELECT', values = [] } = claim ?? {};
  const places = [1, 2, 3, 4, 5].map((place) => `$${values.length + place}`).join(', ');
  const take = `SELECT taken.* FROM (${sql}) task CROSS JOIN LATERAL rx_v1.take(${places}) taken`;
  return createCall(query, config)(take, [...values, run, part, owner, afterDeath, name]).pipe(
    concatMap((row) => {
      if (row.epoch === undefined) throw fenced(null);
      const { epoch, now_ms } = ownedSchema.parse(row);
      if (epoch === null) return of(null);
      // The database's clock is the only one that is compared across machines.
      const aheadMs = wallNow(scheduler) - (now_ms ?? 0);
      const taken = { run, part, epoch, aheadMs, takenAtMs: now_ms ?? 0 };
      try {
        return of(readPart(row, taken, folder));
      } catch (error) {
        throw new DamagedPartError({ run, part, epoch }, error);
      }
    }),
  );
}

function readPart(
  row: Row,
  taken: Pick<TakenPart, 'run' | 'part' | 'epoch' | 'aheadMs' | 'takenAtMs'>,
  folder: string,
): TakenPart {
  const { plans, deaths, suspect, run_state, jobs } = takenSchema.parse(row);
  return {
    ...taken,
    deaths,
    suspect,
    isPaused: run_state === 'paused',
    jobs: jobs.map((job) => partJob(job, taken.aheadMs, folder)),
    plans: unpackPlans(plans),
  };
}

function partJob(row: z.infer<typeof jobSchema>, aheadMs: number, folder: string): PartJob {
  const { job_index: id, seq, slot, outcome, intended_at_ms: intendedMs } = row;
  const job = storedJob(
    { ...row, id, intended_at_ms: intendedMs === null ? null : Math.round(intendedMs + aheadMs) },
    folder,
  );
  return { job, seq, hasSlot: slot !== null, outcome };
}
