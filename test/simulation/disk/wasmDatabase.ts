import type { DatabaseSync, StatementSync } from 'node:sqlite';
import sqlite, { type Database, type Statement } from 'node-sqlite3-wasm';

type Values = Readonly<Record<string, number | string | null>> | readonly (number | string | null)[];
type Row = Readonly<Record<string, unknown>>;
type SqliteError = Error & { readonly errcode?: number };

/**
 * SQLite itself over the simulated disk, with as much of `DatabaseSync` as the project uses. It is
 * the same source code as in Node, compiled to WebAssembly, and reads and writes its files by
 * `node:fs`: so each write and flush of database, rollback journal and write-ahead log is one of the
 * machine, which a crash may come before.
 */
export function createWasmDatabase(path: string): DatabaseSync {
  const database: Database = explained(() => new sqlite.Database(path));
  const statements: Statement[] = [];
  const prepare = (sql: string) => {
    const statement = explained(() => database.prepare(sql));
    statements.push(statement);
    return statementOf(statement);
  };
  const own = {
    exec: (sql: string) => explained(() => database.exec(sql)),
    prepare,
    close: () => {
      for (const statement of statements) if (!statement.isFinalized) statement.finalize();
      explained(() => database.close());
    },
    get isTransaction() {
      return database.inTransaction;
    },
  };
  return own as unknown as DatabaseSync;
}

function statementOf(statement: Statement): StatementSync {
  const own = {
    run: (...values: unknown[]) => explained(() => statement.run(bound(values))),
    get: (...values: unknown[]) => explained(() => statement.get(bound(values))) ?? undefined,
    all: (...values: unknown[]) => explained(() => statement.all(bound(values))),
    // Read at once: rows of a statement in use keep it from being run again.
    iterate: (...values: unknown[]) =>
      explained(() => statement.all(bound(values)))[Symbol.iterator]() as IterableIterator<Row>,
  };
  return own as unknown as StatementSync;
}

/** Node takes named values without their prefix. */
function bound(values: unknown[]): never {
  const [first] = values as [Values | undefined];
  const isNamed = typeof first === 'object' && first !== null && !Array.isArray(first);
  const named = isNamed ? Object.entries(first).map(([name, value]) => [`$${name}`, value]) : null;
  return (named === null ? values : Object.fromEntries(named)) as never;
}

/** SQLite's messages of its primary result codes (https://sqlite.org/rescode.html). */
const CODES: readonly (readonly [RegExp, number])[] = [
  [/locked/, 5],
  [/readonly|read-only/, 8],
  [/disk I\/O error/, 10],
  [/malformed/, 11],
  [/is full/, 13],
  [/unable to open/, 14],
  [/not a database/, 26],
];

/** Gives an error the code that Node's have. */
function explained<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const errcode = CODES.find(([pattern]) => pattern.test(message))?.[1] ?? 1;
    throw Object.assign(new Error(message) satisfies SqliteError, { errcode });
  }
}
