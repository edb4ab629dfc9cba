import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { addressOf, type Database, keptAlive, type Query } from '../database/connection.ts';
import { toDatabaseError } from '../database/databaseErrors.ts';
import { HEARTBEAT_S, type PartTask, type QueueName, queues, taskId } from './tasks.ts';

/** A task that this process has taken. */
export interface HeldTask {
  readonly queue: QueueName;
  readonly id: string;
  /** Which claim of the task it is: an older one is refused. */
  readonly retryCount: number;
  readonly task: PartTask;
}

/** The claim of a task, for a statement that must not run unless it is still this one's. */
export interface TaskClaim {
  /** Names the claim. */
  readonly name: string;
  /** Returns one row while the task is claimed so, and keeps it so until the transaction ends. */
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** The queues of a fleet, in the hands of an engine that runs in its database. */
export interface Engine {
  /** Takes the next task of a queue; null if there is none. */
  take(queue: QueueName): Promise<HeldTask | null>;
  /** Returns the claim by which this process holds a task. */
  claimOf(held: HeldTask): TaskClaim;
  /** Reports that tasks are worked on; resolves with the ids of those that are still its own. */
  touch(held: readonly HeldTask[]): Promise<ReadonlySet<string>>;
  /** Ends a task, in a transaction. */
  complete(held: HeldTask, query: Query): Promise<void>;
  /**
   * Sends tasks, in a transaction; one that was sent for the same epoch of its part changes
   * nothing. They can be taken after a time. Default 0.
   */
  send(queue: QueueName, tasks: readonly PartTask[], query: Query, afterS?: number): Promise<void>;
  close(): Promise<void>;
}

export interface EngineConfig {
  /** Address of the database. */
  url: string;
  /** Name of this process in the engine's own list of instances. */
  name: string;
  /** Time after which a silent worker counts as dead, if this makes the queues. Default 20. */
  heartbeatS?: number;
  /** Hands tasks of dead workers on, as every worker should; else it only sends. Default false. */
  supervises?: boolean;
}

/** Interval at which deaths are noticed, by any of the workers. */
const LOOK_EVERY_S = 1;
const CONNECTIONS = 3;
/** Of its pool, which the package passes on: a host that vanishes is noticed. */
const waits = { ...keptAlive, query_timeout: 60_000 };
/** Instances report this often; one that is silent for three times as long counts as dead. */
const INSTANCE_HEARTBEAT_S = 5;

/**
 * Rows of the workers that the engine has ever heard of: `name`, `metrics`, `heard` in ms since
 * 1970, and `live`. Instances that supervise are workers.
 */
export const WORKERS_HEARD = `
  SELECT DISTINCT ON (name) name, metrics, extract(epoch FROM heartbeat_on) * 1000 AS heard,
    stopped_on IS NULL AND heartbeat_on > clock_timestamp() - heartbeat_seconds * 3 * interval '1 second' AS live
  FROM pgboss.instance WHERE supervise ORDER BY name, started_on DESC`;

const jobSchema = z.object({
  id: z.string(),
  retryCount: z.int(),
  data: z.object({
    run: z.int(),
    part: z.int(),
    epoch: z.int(),
    isGivenBack: z.boolean().exactOptional(),
  }),
});
/** Undeclared by the package: the ids that a call about some tasks has found. */
const settledSchema = z.object({ settled: z.array(z.string()).default([]) });

/**
 * Opens the engine, with its tables and the queues of a fleet. Rejects with `UsageError` if its
 * package is not installed, with `StorageError` if the database refuses.
 */
export async function openEngine(database: Database, config: EngineConfig): Promise<Engine> {
  const boss = await start(config);
  try {
    const { heartbeatS = HEARTBEAT_S } = config;
    for (const [name, options] of queues) {
      const made = { ...options, heartbeatSeconds: heartbeatS };
      if ((await boss.getQueue(name)) === null) await boss.createQueue(name, made);
    }
    await grant(database);
    return engineOf(boss);
  } catch (error) {
    await boss.stop({ graceful: false });
    throw toDatabaseError(error);
  }
}

async function start({ url, name, supervises = false }: EngineConfig): Promise<PgBoss> {
  // Loaded only here: a run on one machine has no queue.
  const { PgBoss: Boss } = await import('pg-boss').catch((cause: unknown) => {
    throw new UsageError('A queue needs the package pg-boss, which is not installed.', {
      suggestion: 'Run: npm install pg pg-boss',
      cause,
    });
  });
  const boss = new Boss({
    connectionString: addressOf(url),
    application_name: name,
    max: CONNECTIONS,
    ...waits,
    instanceName: name,
    instanceHeartbeatSeconds: INSTANCE_HEARTBEAT_S,
    schedule: false,
    supervise: supervises,
    superviseIntervalSeconds: LOOK_EVERY_S,
    monitorIntervalSeconds: LOOK_EVERY_S,
    // Only its owner may rebuild an index.
    reindex: false,
  });
  // Errors of its own timers; our calls reject by themselves.
  boss.on('error', () => {});
  try {
    await boss.start();
    return boss;
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {});
    throw toDatabaseError(error);
  }
}

/** Lets both roles of a fleet use the tables of the engine, if this user may grant it. */
async function grant({ query }: Database): Promise<void> {
  await query(`
    GRANT USAGE ON SCHEMA pgboss TO rx_worker, rx_producer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgboss TO rx_worker, rx_producer;
  `).catch(() => {});
}

function engineOf(boss: PgBoss): Engine {
  const within = (query: Query) => ({
    db: {
      executeSql: async (text: string, values: unknown[] = []) => ({
        rows: [...(await query(text, values))],
      }),
    },
  });
  return {
    async take(queue) {
      const [job] = await boss.fetch(queue);
      if (job === undefined) return null;
      const { id, retryCount, data: task } = jobSchema.parse(job);
      return { queue, id, retryCount, task };
    },
    claimOf: ({ queue, id, retryCount }) => ({
      name: `${id}/${retryCount}`,
      sql: `SELECT FROM pgboss.job
        WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active' FOR SHARE`,
      values: [queue, id, retryCount],
    }),
    async touch(held) {
      const ours = new Set<string>();
      for (const [name] of queues) {
        const own = held.filter(({ queue }) => queue === name);
        if (own.length === 0) continue;
        const { settled } = settledSchema.parse(await boss.touch(name, [...own]));
        for (const id of settled) ours.add(id);
      }
      return ours;
    },
    async complete({ queue, id, retryCount }, query) {
      await boss.complete(queue, { id, retryCount }, null, within(query));
    },
    async send(queue, tasks, query, afterS = 0) {
      if (tasks.length === 0) return;
      const jobs = tasks.map((task) => ({ id: taskId(queue, task), data: task, startAfter: afterS }));
      await boss.insert(queue, jobs, within(query));
    },
    close: () => boss.stop({ graceful: false }),
  };
}
