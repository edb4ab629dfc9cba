import type { QueryConfig } from 'pg';
import { UsageError } from '../../errors.ts';
import { isTransient, toDatabaseError } from './databaseErrors.ts';

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>;
/**
 * Runs one statement; resolves with its rows, and rejects with PostgreSQL's error. A connection on
 * which nothing comes for `longestMs` counts as broken: default 30,000, or that of `openDatabase`.
 */
export type Query = (sql: string, values?: readonly unknown[], longestMs?: number) => Promise<readonly Row[]>;

/** The database of a fleet: some connections to one PostgreSQL. */
export interface Database {
  readonly query: Query;
  /** Runs statements in one transaction, which is rolled back if `work` rejects. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Waits for running statements, and closes all connections. */
  close(): Promise<void>;
}

export interface DatabaseConfig {
  /** `postgres://USER@HOST/DATABASE?sslmode=verify-full`. */
  url: string;
  /** Connections, at most. Default 10. */
  connections?: number;
  /** Name of this process for the database's own views. Default `rxposure`. */
  name?: string;
  /**
   * Time for which a transaction may stand still; then the server ends it. Default 5,000.
   *
   * A machine that sleeps or is cut off during a transaction would hold locks that all others wait
   * for.
   */
  stalledMs?: number;
  /** Time for the response to a statement that sets no other time. Default 30,000. */
  longestMs?: number;
  /** Called if a failover could lose confirmed transactions. Default: no-op. */
  onWarning?: (message: string) => void;
}

/** Time for a new connection; then it counts as not made. */
const CONNECT_MS = 5_000;
/** A host that vanishes without a reset sends nothing, and TCP would wait for it for hours. */
const LONGEST_MS = 30_000;
/** Time for the response to statements that read or write a whole run. */
export const WHOLE_RUN_MS = 3_600_000;
/** Settings of all connections: a host that vanishes while one is idle is noticed, too. */
export const keptAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;
const OLDEST_VERSION = 15;

/**
 * Opens the database of a fleet. Rejects with `UsageError` if the address is invalid, the server is
 * too old or may lose confirmed transactions, or the package `pg` is not installed; with
 * `StorageError` if the database cannot be reached.
 */
export async function openDatabase({
  url,
  connections = 10,
  name = 'rxposure',
  stalledMs = 5_000,
  longestMs = LONGEST_MS,
  onWarning = () => {},
}: DatabaseConfig): Promise<Database> {
  const connectionString = addressOf(url);
  // Loaded only here: a run on one machine has no database.
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new UsageError('A database needs the package pg, which is not installed.', {
      suggestion: 'Run: npm install pg pg-boss',
      cause,
    });
  });
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    application_name: name,
    connectionTimeoutMillis: CONNECT_MS,
    ...keptAlive,
    idle_in_transaction_session_timeout: stalledMs,
  });
  // A connection that breaks while it is idle is made again with the next query.
  pool.on('error', () => {});
  const database: Database = {
    query: async (...asked) => (await pool.query(statement(asked, longestMs))).rows,
    transaction: async (work) => {
      const client = await pool.connect();
      // The connection may break between two statements; the next statement rejects.
      const onError = () => {};
      client.on('error', onError);
      let failure: Error | undefined;
      try {
        await client.query(statement(['BEGIN'], longestMs));
        const result = await work(async (...asked) => (await client.query(statement(asked, longestMs))).rows);
        await client.query(statement(['COMMIT'], longestMs));
        return result;
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        // Over a broken connection, ROLLBACK would fail too, after as long a wait.
        if (!isTransient(error)) await client.query(statement(['ROLLBACK'], longestMs)).catch(() => {});
        throw error;
      } finally {
        client.off('error', onError);
        // A connection that may be in the middle of something is not used again.
        client.release(failure);
      }
    },
    close: () => pool.end(),
  };
  try {
    await expectDurable(database.query, onWarning);
    return database;
  } catch (error) {
    await pool.end();
    throw toDatabaseError(error);
  }
}

/** Returns a statement for the client, with the time after which it gives the connection up. */
function statement(
  [text, values = [], longestMs]: Parameters<Query>,
  ownLongestMs: number,
): QueryConfig & { query_timeout: number } {
  return { text, values: [...values], query_timeout: longestMs ?? ownLongestMs };
}

/**
 * Returns the address of a database with `sslmode=verify-full` if it names no mode, and is not on
 * this machine. Throws `UsageError` if it is no address of a PostgreSQL.
 */
export function addressOf(text: string): string {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new UsageError('Expected an address like postgres://USER@HOST/DATABASE for the database.', {
      suggestion: 'Set RXPOSURE_QUEUE.',
    });
  }
  const url = new URL(text);
  // The client takes the host of the query before the other, and a path as that of a socket.
  const host = url.searchParams.get('host') || url.hostname;
  const isLocal = /^(?:|(?:\/|%2f).*|localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host);
  if (!isLocal && !url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'verify-full');
  return url.href;
}

/**
 * Rejects with `UsageError` if the server is too old, or a power cut may lose confirmed
 * transactions. Warns if a failover may: the server has standbys that it does not wait for.
 */
export async function expectDurable(query: Query, onWarning: (message: string) => void): Promise<void> {
  const [settings = {}] = await query(`
    SELECT current_setting('server_version_num')::integer / 10000 AS version, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS full_page_writes,
      current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('synchronous_standby_names') AS waits_for,
      (SELECT count(*)::integer FROM pg_stat_replication) AS standbys`);
  if (Number(settings.version) < OLDEST_VERSION) {
    throw new UsageError(`Expected PostgreSQL ${OLDEST_VERSION} or later, got ${settings.version}`);
  }
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if (settings[name] !== 'off') continue;
    throw new UsageError(
      `The database has \`${name}\` off: a power cut could make images be paid for twice.`,
      {
        suggestion: `Set ${name} = on in postgresql.conf, or for this database and user.`,
      },
    );
  }
  const waits = settings.waits_for !== '' && settings.synchronous_commit !== 'local';
  if (Number(settings.standbys) > 0 && !waits) onWarning(UNSAFE_FAILOVER);
}

const UNSAFE_FAILOVER =
  'The database has a standby that it does not wait for: a failover could lose the last entries, and images be paid for twice. Set synchronous_standby_names.';
