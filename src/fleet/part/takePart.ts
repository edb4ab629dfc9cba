import { concatMap, map, type Observable, of } from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { outcomeSchema } from '../../sinks/manifest/readOutcomes.ts';
import { storedJob } from '../../store/journal/jobTable.ts';
import type { Plan } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import { createCall, type PartCallsConfig, type PartOfRun } from '../database/partCalls.ts';
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

const takenSchema = z.object({
  epoch: z.int().nullable(),
  plans: z.instanceof(Uint8Array).nullable(),
  deaths: z.int().nullable(),
  suspect: z.int().nullable(),
  run_state: z.string().nullable(),
  jobs: z.array(jobSchema).nullable(),
  now_ms: z.number().nullable(),
});

/**
 * Takes a part for this worker: from now on its earlier owner is refused. Emits null if it is done.
 */
export function takePart(
  { query }: Pick<Database, 'query'>,
  { run, part, owner, afterDeath, folder }: PartToTake,
  config: PartCallsConfig = {},
): Observable<TakenPart | null> {
  const { scheduler = monotonicScheduler } = config;
  return createCall(query, config)('SELECT * FROM rx_v1.take($1, $2, $3, $4)', [
    run,
    part,
    owner,
    afterDeath,
  ]).pipe(
    map((row) => takenSchema.parse(row)),
    concatMap(({ epoch, plans, deaths, suspect, run_state, jobs, now_ms }) => {
      if (epoch === null || plans === null) return of(null);
      // The database's clock is the only one that is compared across machines.
      const aheadMs = wallNow(scheduler) - (now_ms ?? 0);
      const taken = {
        run,
        part,
        epoch,
        deaths: deaths ?? 0,
        suspect,
        isPaused: run_state === 'paused',
        aheadMs,
        jobs: (jobs ?? []).map((job) => partJob(job, aheadMs, folder)),
      };
      return unpackPlans(plans).then((unpacked) => ({ ...taken, plans: unpacked }));
    }),
  );
}

function partJob(row: z.infer<typeof jobSchema>, aheadMs: number, folder: string): PartJob {
  const { job_index: id, seq, slot, outcome, intended_at_ms: intendedMs } = row;
  const job = storedJob(
    { ...row, id, intended_at_ms: intendedMs === null ? null : Math.round(intendedMs + aheadMs) },
    folder,
  );
  return { job, seq, hasSlot: slot !== null, outcome };
}
