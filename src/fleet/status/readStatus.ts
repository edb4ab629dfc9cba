import { z } from 'zod';
import type { Database } from '../database/connection.ts';
import { toDatabaseError } from '../database/databaseErrors.ts';
import { WORKERS_HEARD } from '../engine/engine.ts';

/** The limits of the account, and how much of them is used now. */
export interface AccountStatus {
  readonly slots: number;
  /** Slots that are taken, by predictions of all runs. */
  readonly inFlight: number;
  /** Create requests in a minute, at most. */
  readonly perMinute: number;
  /** The pace that remains after refusals of the service. */
  readonly pacePerMinute: number;
  readonly madeLastMinute: number;
  /** The service refuses all until then, ms since 1970; null: it does not. */
  readonly closedUntilMs: number | null;
}

/** The money of a run, in millionths of a US dollar. */
interface RunMoney {
  readonly spentMicroUsd: number;
  readonly reservedMicroUsd: number;
  /** Null: no budget. */
  readonly limitMicroUsd: number | null;
}

/** The work on a run. */
interface RunWork {
  readonly inFlight: number;
  readonly madeLastMinute: number;
  /** Parts that no worker has. */
  readonly partsWaiting: number;
  readonly partsTaken: number;
}

/** A run and how far it has come. */
export interface RunStatus extends RunMoney, RunWork {
  readonly run: number;
  readonly name: string;
  readonly state: 'loading' | 'running' | 'paused' | 'done';
  /** Why it is paused; null: it is not. */
  readonly reason: string | null;
  readonly begunAtMs: number;
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A worker, by its last sign of life. */
export interface WorkerStatus {
  readonly name: string;
  readonly parts: number;
  /** False if it has not been heard of for too long; null if it was never heard of. */
  readonly isLive: boolean | null;
  readonly heardAtMs: number | null;
  /** Cores that it used, and may use; null: not known yet. */
  readonly cpu: number | null;
  readonly cpuLimit: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
}

/** Something that does not continue by itself; `rx.stuck` defines each `why`. */
export interface StuckStatus {
  readonly run: number;
  readonly part: number | null;
  readonly job: number | null;
  readonly predictionId: string | null;
  readonly owner: string | null;
  readonly sinceMs: number;
  readonly why: 'output' | 'lost' | 'deaths' | 'refused' | 'paused' | 'loading';
  readonly detail: string | null;
}

/** A fleet at one moment. */
export interface FleetStatus {
  /** By the database's clock, as all moments; ms since 1970. */
  readonly atMs: number;
  /** Null: no run was ever opened. */
  readonly account: AccountStatus | null;
  /** Those that are not done first, then the newest first. */
  readonly runs: readonly RunStatus[];
  readonly workers: readonly WorkerStatus[];
  /** The oldest first; at most 100. */
  readonly stuck: readonly StuckStatus[];
}

const MOST_RUNS = 50;
const MOST_STUCK = 100;

/** A moment as ms since 1970. */
const ms = (column: string) => `extract(epoch FROM ${column}) * 1000`;

const ACCOUNT = `
  SELECT ${ms('clock_timestamp()')} AS "atMs", a.slots, a.per_minute AS "perMinute", a.pace AS "pacePerMinute",
    CASE WHEN a.closed_until > clock_timestamp() THEN ${ms('a.closed_until')} END AS "closedUntilMs",
    (SELECT count(*) FROM rx.flight WHERE until > clock_timestamp()) AS "inFlight",
    (SELECT count(*) FROM rx.prediction WHERE claimed_at > clock_timestamp() - interval '1 minute') AS "madeLastMinute"
  FROM (SELECT) now LEFT JOIN rx.account a ON true`;

const RUNS = `
  SELECT run, name, state, reason, ${ms('begun_at')} AS "begunAtMs", total, saved, failed, skipped,
    in_flight AS "inFlight", made_last_minute AS "madeLastMinute", parts_waiting AS "partsWaiting",
    parts_taken AS "partsTaken", spent_micro_usd AS "spentMicroUsd", reserved_micro_usd AS "reservedMicroUsd",
    limit_micro_usd AS "limitMicroUsd"
  FROM rx.status ORDER BY state = 'done', run DESC LIMIT ${MOST_RUNS}`;

const STUCK = `
  SELECT run, part, job_index AS job, prediction_id AS "predictionId", owner, ${ms('since')} AS "sinceMs", why, detail
  FROM rx.stuck ORDER BY since LIMIT ${MOST_STUCK}`;

/** Before the engine has made its tables. */
const UNHEARD =
  'SELECT NULL AS name, NULL::jsonb AS metrics, NULL AS heard, NULL::boolean AS live WHERE false';
const workersOf = (heard: string) => `
  WITH parts AS (SELECT owner, count(*) AS parts FROM rx.part WHERE state = 'taken' GROUP BY owner), heard AS (${heard})
  SELECT coalesce(p.owner, h.name) AS name, coalesce(p.parts, 0) AS parts, h.live AS "isLive", h.heard AS "heardAtMs",
    h.metrics->'cpu' AS cpu, h.metrics->'cpuLimit' AS "cpuLimit",
    h.metrics->'rss' AS "memoryBytes", h.metrics->'memoryLimit' AS "memoryLimitBytes"
  FROM parts p FULL JOIN heard h ON h.name = p.owner WHERE h.live OR p.parts > 0 ORDER BY 1`;

const count = z.coerce.number();
const optional = z.coerce.number().nullable();

const accountSchema: z.ZodType<AccountStatus> = z.object({
  slots: count,
  inFlight: count,
  perMinute: count,
  pacePerMinute: count,
  madeLastMinute: count,
  closedUntilMs: optional,
});

const runSchema: z.ZodType<RunStatus> = z.object({
  run: count,
  name: z.string(),
  state: z.enum(['loading', 'running', 'paused', 'done']),
  reason: z.string().nullable(),
  begunAtMs: count,
  total: count,
  saved: count,
  failed: count,
  skipped: count,
  inFlight: count,
  madeLastMinute: count,
  partsWaiting: count,
  partsTaken: count,
  spentMicroUsd: count,
  reservedMicroUsd: count,
  limitMicroUsd: optional,
});

const workerSchema: z.ZodType<WorkerStatus> = z.object({
  name: z.string(),
  parts: count,
  isLive: z.boolean().nullable(),
  heardAtMs: optional,
  cpu: optional,
  cpuLimit: optional,
  memoryBytes: optional,
  memoryLimitBytes: optional,
});

const stuckSchema: z.ZodType<StuckStatus> = z.object({
  run: count,
  part: optional,
  job: optional,
  predictionId: z.string().nullable(),
  owner: z.string().nullable(),
  sinceMs: count,
  why: z.enum(['output', 'lost', 'deaths', 'refused', 'paused', 'loading']),
  detail: z.string().nullable(),
});

/**
 * Reads the state of a fleet: its account, runs, workers, and stuck items, as of one moment.
 * Rejects with `UsageError` if the database has no fleet, with `StorageError` if it does not
 * respond.
 */
export async function readStatus({ transaction }: Pick<Database, 'transaction'>): Promise<FleetStatus> {
  try {
    return await transaction(async (query) => {
      await query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [account = {}] = await query(ACCOUNT);
      const [{ instances = null } = {}] = await query(`SELECT to_regclass('pgboss.instance') AS instances`);
      const all = async <T>(sql: string, schema: z.ZodType<T>): Promise<T[]> =>
        (await query(sql)).map((row) => schema.parse(row));
      return {
        atMs: Number(account.atMs),
        account: account.slots === null ? null : accountSchema.parse(account),
        runs: await all(RUNS, runSchema),
        workers: await all(workersOf(instances === null ? UNHEARD : WORKERS_HEARD), workerSchema),
        stuck: await all(STUCK, stuckSchema),
      };
    });
  } catch (error) {
    throw toDatabaseError(error);
  }
}
