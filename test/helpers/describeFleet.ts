import { describe } from 'vitest';
import { whyNoPostgres } from './postgres.ts';

const reason = await whyNoPostgres();

/** Describes tests that need a PostgreSQL; where there is none they are skipped, and say why. */
export function describeFleet(name: string, tests: () => void): void {
  describe.skipIf(reason !== null)(reason === null ? name : `${name} (skipped: ${reason})`, tests);
}
