import { describe } from 'vitest';
import { whyNoPostgres } from './postgres.ts';

const reason = await whyNoPostgres();

/** Describes tests that need a PostgreSQL; without one they are skipped, with the reason. */
export function describeFleet(name: string, tests: () => void): void {
  describe.skipIf(reason !== null)(reason === null ? name : `${name} (skipped: ${reason})`, tests);
}
