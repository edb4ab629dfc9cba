import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';

/** Why there is no PostgreSQL here; null if there is one. */
let reason: string | null | undefined;

/** Asks the server of all tests, which starts with the first question, for its address. */
async function serverUrl(): Promise<{ url: string } | { reason: string }> {
  const response = await fetch(inject('postgres'));
  return (await response.json()) as { url: string } | { reason: string };
}

/** Returns why there is no PostgreSQL for tests; null if there is one. */
export async function whyNoPostgres(): Promise<string | null> {
  if (reason === undefined) {
    const found = await serverUrl();
    reason = 'reason' in found ? found.reason : null;
  }
  return reason;
}

/** Creates a database of its own on the server of all tests; returns its address. */
export async function newDatabase(): Promise<string> {
  const found = await serverUrl();
  if ('reason' in found) throw new Error(found.reason);
  const name = `rx_${randomUUID().replaceAll('-', '')}`;
  const server = await openDatabase({ url: found.url, connections: 1 });
  await server.query(`CREATE DATABASE ${name}`);
  await server.close();
  const url = new URL(found.url);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * Opens a database of its own with the tables of a fleet, whose commits are not flushed: no test
 * pulls the plug. Close it after the tests.
 */
export async function fleetDatabase(connections = 10): Promise<Database & { readonly url: string }> {
  const url = await newDatabase();
  const database = await openDatabase({ url, connections });
  await migrate(database);
  // For the connections that are made from now on.
  await database.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
  return { ...database, url };
}
