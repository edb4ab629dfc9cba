import { lastValueFrom } from 'rxjs';
import type { Plan } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import { createRead, createTransaction } from '../database/partCalls.ts';
import { type AccountLimits, createRunCalls, type OpenedRun } from '../database/runCalls.ts';
import type { Engine } from '../engine/engine.ts';
import { type QueueName, queues, waitingTask } from '../engine/tasks.ts';
import { PLAN_FORMAT, PLANS_IN_PART, packPlans } from '../packedPlans.ts';
import type { StoredSettings } from '../storedSettings.ts';

/** A run to load into the database of a fleet. */
export interface RunToLoad {
  /** Identifies it for those who look at it again. */
  readonly name: string;
  /** Hash of everything that its plans follow from. */
  readonly fingerprint: string;
  readonly settings: StoredSettings;
  readonly account: AccountLimits;
  /** Null: no limit. */
  readonly limitMicroUsd: number | null;
  /** Number of its jobs. */
  readonly total: number;
  /** Plans in their order, the same ones at each call. */
  readonly plans: () => AsyncIterable<Plan>;
  /** Called once the database knows the run, before workers may begin. Default: no-op. */
  readonly onOpened?: () => Promise<void>;
  /** Called with the number of plans that are loaded. Default: no-op. */
  readonly onLoaded?: (plans: number) => void;
}

/** Parts that are loaded in one transaction: some thousand plans. */
const PARTS_AT_ONCE = 200;
/** Longest time for them, on a slow network. */
const LOAD_MS = 300_000;
const LOAD = `
  SELECT rx_v1.load($1, part, first, jobs, plans)
  FROM unnest($2::integer[], $3::integer[], $4::integer[], $5::bytea[]) AS batch(part, first, jobs, plans)`;
const WAITING = `
  SELECT part, epoch, queue FROM rx.part
  WHERE run = $1 AND part > $2 AND state = 'waiting' ORDER BY part LIMIT $3`;
/** Tasks that are sent in one. */
const TASKS_AT_ONCE = 1_000;

/**
 * Opens a run in the database, loads its plans, and lets workers begin once all of them are there.
 * Resumes an earlier call that was stopped; resumes a paused run. Rejects with `UsageError` if the
 * run is known with another input.
 */
export async function loadRun(
  database: Database,
  engine: Pick<Engine, 'send'>,
  toLoad: RunToLoad,
): Promise<OpenedRun> {
  const { name, fingerprint, settings, account, limitMicroUsd, total, plans } = toLoad;
  const { onOpened = async () => {}, onLoaded = () => {} } = toLoad;
  const calls = createRunCalls(database);
  const load = createRead(database.query);
  await lastValueFrom(calls.setAccount(account));
  const opened = await lastValueFrom(
    calls.open({ name, fingerprint, settings, planFormat: PLAN_FORMAT, limitMicroUsd, total }),
  );
  const { run, state, parts } = opened;
  if (state === 'done') return opened;
  await onOpened();
  if (state === 'loading') {
    let part = parts;
    let loaded = parts * PLANS_IN_PART;
    onLoaded(loaded);
    for await (const batch of batchesOf(skipped(plans(), loaded))) {
      // All or nothing, as one statement is.
      const values = [
        run,
        batch.map((_, at) => part + at),
        batch.map(([first]) => first?.index ?? 0),
        batch.map(({ length }) => length),
        batch.map(packPlans),
      ];
      await lastValueFrom(load(LOAD, values, LOAD_MS));
      part += batch.length;
      loaded += batch.reduce((sum, group) => sum + group.length, 0);
      onLoaded(loaded);
    }
  }
  await lastValueFrom(calls.start(run));
  await sendWaiting(database, engine, run);
  return { ...opened, state: 'running' };
}

async function* skipped(plans: AsyncIterable<Plan>, count: number): AsyncGenerator<Plan> {
  let seen = 0;
  for await (const plan of plans) {
    seen += 1;
    if (seen > count) yield plan;
  }
}

/** Groups plans into parts, and parts into batches. */
async function* batchesOf(plans: AsyncIterable<Plan>): AsyncGenerator<readonly (readonly Plan[])[]> {
  let batch: Plan[][] = [[]];
  for await (const plan of plans) {
    if (batch.at(-1)?.length === PLANS_IN_PART) {
      if (batch.length === PARTS_AT_ONCE) {
        yield batch;
        batch = [];
      }
      batch.push([]);
    }
    batch.at(-1)?.push(plan);
  }
  const rest = batch.filter((group) => group.length > 0);
  if (rest.length > 0) yield rest;
}

/**
 * Sends a task for each part that waits, to the queue that it was given back to: one that has its
 * task there already gets no other.
 */
async function sendWaiting(
  database: Pick<Database, 'query' | 'transaction'>,
  engine: Pick<Engine, 'send'>,
  run: number,
): Promise<void> {
  const read = createRead(database.query);
  const inTransaction = createTransaction(database);
  let last = -1;
  for (;;) {
    const rows = await lastValueFrom(read(WAITING, [run, last, TASKS_AT_ONCE]));
    if (rows.length === 0) return;
    const tasksOf = (name: QueueName) =>
      rows
        .filter(({ queue }) => queue === name)
        .map(({ part, epoch }) => waitingTask(name, { run, part: Number(part), epoch: Number(epoch) }));
    const sent = inTransaction(async (inside) => {
      for (const [name] of queues) await engine.send(name, tasksOf(name), inside);
    });
    await lastValueFrom(sent);
    last = Number(rows.at(-1)?.part);
  }
}
