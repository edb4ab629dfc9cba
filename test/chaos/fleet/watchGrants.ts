import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** A permission to create, as the database gave it. */
export interface Grant {
  readonly index: number;
  /** Process of the worker that got it. */
  readonly pid: number;
  /** By the database's clock, ms since 1970. */
  readonly atMs: number;
}

/** The most that a run had reserved and spent at any moment, in millionths of a US dollar. */
export interface MostMoney {
  readonly mostMicroUsd: number;
  /** Null: no budget. */
  readonly limitMicroUsd: number | null;
}

/** Learns of each grant, and of each change of the money of a run. */
export interface GrantWatch {
  /** Called just after the commit of a grant. */
  onGrant: (pid: number, index: number) => void;
  /**
   * Holds the next grant back before its commit and calls `strike` with the worker that waits for
   * it; then lets it be committed. Does nothing if no one asks within some seconds, or another
   * grant is held back.
   */
  beforeGrant(strike: (pid: number) => void): Promise<void>;
  /** All grants so far, the oldest first. */
  granted(): Promise<readonly Grant[]>;
  money(): Promise<readonly MostMoney[]>;
  close(): Promise<void>;
}

/** Lock that each grant shares, and that holds it back. */
const HELD = 4711;
const LOOK_EVERY_MS = 5;
const LONGEST_HOLD_MS = 3_000;

/**
 * The database notes by triggers each grant, and the most that each run reserves and spends
 * together: after every change, however it came about, inside of transactions too.
 */
const LEDGER = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.granted (job_index integer, owner text, at timestamptz);
  CREATE TABLE chaos.money (run bigint PRIMARY KEY, most bigint, allowed bigint);
  CREATE FUNCTION chaos.note_grant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  DECLARE
    pid text;
  BEGIN
    IF TG_OP = 'UPDATE' AND NEW.intended_at IS NOT DISTINCT FROM OLD.intended_at THEN
      RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(${HELD});
    SELECT owner INTO pid FROM rx.part WHERE run = NEW.run AND part = NEW.part;
    INSERT INTO chaos.granted VALUES (NEW.job_index, pid, NEW.intended_at);
    PERFORM pg_notify('granted', pid || '/' || NEW.job_index);
    RETURN NULL;
  END $$;
  CREATE TRIGGER note_grant AFTER INSERT OR UPDATE OF intended_at ON rx.job
    FOR EACH ROW WHEN (NEW.state = 'intended') EXECUTE FUNCTION chaos.note_grant();
  CREATE FUNCTION chaos.note_money() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO chaos.money VALUES (NEW.id, NEW.reserved_micro_usd + NEW.spent_micro_usd, NEW.limit_micro_usd)
      ON CONFLICT (run) DO UPDATE SET most = greatest(chaos.money.most, excluded.most);
    RETURN NULL;
  END $$;
  CREATE TRIGGER note_money AFTER INSERT OR UPDATE ON rx.run FOR EACH ROW EXECUTE FUNCTION chaos.note_money();
`;

/** Those that wait for the lock, by the names of their connections: `rxposure HOST/PID`. */
const WAITING = `
  SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'advisory' AND l.objid = ${HELD} AND l.mode = 'ShareLock' AND NOT l.granted LIMIT 1`;

/** Lets a database keep the ledger, and listens to it; a connection that is cut is made again. */
export async function watchGrants(url: string): Promise<GrantWatch> {
  let isClosed = false;
  let isHolding = false;
  let listening: pg.Client | null = null;
  const query = async (sql: string) => {
    const client = await connect(url);
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const listen = async (): Promise<void> => {
    const client = await connect(url);
    client.on('end', () => {
      if (!isClosed) void again();
    });
    client.on('notification', ({ payload = '' }) => {
      const [pid, index] = payload.split('/').slice(-2).map(Number);
      watch.onGrant(pid ?? 0, index ?? 0);
    });
    await client.query('LISTEN granted');
    listening = client;
  };
  const again = async (): Promise<void> => {
    await delay(100);
    if (!isClosed) await listen().catch(again);
  };
  const watch: GrantWatch = {
    onGrant: () => {},
    beforeGrant: async (strike) => {
      if (isHolding) return;
      isHolding = true;
      await holdNext(url, strike).finally(() => {
        isHolding = false;
      });
    },
    granted: async () => {
      const rows = await query(
        'SELECT job_index, owner, extract(epoch FROM at) * 1000 AS at_ms FROM chaos.granted ORDER BY at',
      );
      return rows.map(({ job_index, owner, at_ms }) => ({
        index: job_index,
        pid: Number(String(owner).split('/').at(-1)),
        atMs: Number(at_ms),
      }));
    },
    money: async () =>
      (await query('SELECT most, allowed FROM chaos.money')).map(({ most, allowed }) => ({
        mostMicroUsd: Number(most),
        limitMicroUsd: allowed === null ? null : Number(allowed),
      })),
    async close() {
      isClosed = true;
      await listening?.end().catch(() => {});
    },
  };
  await query(LEDGER);
  await listen();
  return watch;
}

async function holdNext(url: string, strike: (pid: number) => void): Promise<void> {
  const client = await connect(url);
  try {
    await client.query(`SELECT pg_advisory_lock(${HELD})`);
    for (let waitedMs = 0; waitedMs < LONGEST_HOLD_MS; waitedMs += LOOK_EVERY_MS) {
      const [{ name = '' } = {}] = (await client.query(WAITING)).rows;
      if (name !== '') {
        strike(Number(name.split('/').at(-1)));
        return;
      }
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    // The lock goes with its connection.
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // The database is killed now and then.
  client.on('error', () => {});
  await client.connect();
  return client;
}
