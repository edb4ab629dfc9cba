import { lastValueFrom } from 'rxjs';
import type { Database } from '../../src/fleet/database/connection.ts';
import { createPartCalls, type PartCalls } from '../../src/fleet/database/partCalls.ts';
import { type AccountLimits, createRunCalls } from '../../src/fleet/database/runCalls.ts';
import { PLAN_FORMAT, packPlans } from '../../src/fleet/packedPlans.ts';
import {
  createPartJournal,
  type PartJournal,
  type PartJournalConfig,
} from '../../src/fleet/part/partJournal.ts';
import { type TakenPart, takePart } from '../../src/fleet/part/takePart.ts';
import { createGate } from '../../src/operators/gate.ts';
import type { Plan } from '../../src/types.ts';
import { aPlan } from './aPlan.ts';

let runs = 0;

/** Sets the account, and opens and loads a run of these parts; returns its id. */
export async function aRun(
  database: Database,
  parts: readonly (readonly Plan[])[] = [[aPlan()]],
  {
    limitMicroUsd = null,
    settings = {},
    ...limits
  }: Partial<AccountLimits> & { limitMicroUsd?: number | null; settings?: object } = {},
): Promise<number> {
  const calls = createRunCalls(database);
  await lastValueFrom(calls.setAccount({ perMinute: 1e9, burst: 1e8, slots: 10_000, ...limits }));
  runs += 1;
  const named = { name: `run ${runs}`, fingerprint: 'f', settings, planFormat: PLAN_FORMAT };
  const total = parts.flat().length;
  const { run } = await lastValueFrom(calls.open({ ...named, limitMicroUsd, total }));
  for (const [part, plans] of parts.entries()) {
    const loaded = [run, part, plans[0]?.index ?? 0, plans.length, packPlans(plans)];
    await database.query('SELECT rx_v1.load($1, $2, $3, $4, $5)', loaded);
  }
  await lastValueFrom(calls.start(run));
  return run;
}

/** A worker with a part. */
export interface Worker {
  readonly taken: TakenPart;
  readonly calls: PartCalls;
  readonly journal: PartJournal;
}

/** Takes a part, as a worker does. */
export async function aWorker(
  database: Database,
  run: number,
  {
    part = 0,
    folder = '/run',
    afterDeath = false,
    ...config
  }: Partial<PartJournalConfig> & {
    part?: number;
    afterDeath?: boolean;
  } = {},
): Promise<Worker> {
  const asked = { run, part, owner: 'test', afterDeath, folder };
  const taken = await lastValueFrom(takePart(database, asked));
  if (taken === null) throw new Error('Expected a part that is not done');
  const calls = createPartCalls(database, taken);
  const own = { calls, folder, jobs: taken.jobs, holdMs: 60_000, line: createGate(1), ...config };
  return { taken, calls, journal: createPartJournal(own) };
}
