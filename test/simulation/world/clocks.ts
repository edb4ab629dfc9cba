import type { WorldConfig } from './worldConfig.ts';

/** True time at which worlds begin, ms since 1970: 2027-01-15. */
export const EPOCH_MS = 1_800_000_000_000;

/** Returns the time of day of a machine at a true time, ms since the world began. */
export function timeOfDay({ machineAheadMs, machineDrift, clockSteps }: WorldConfig, trueMs: number): number {
  const stepped = clockSteps.reduce((sum, { atMs, byMs }) => sum + (trueMs >= atMs ? byMs : 0), 0);
  return EPOCH_MS + trueMs * (1 + machineDrift) + machineAheadMs + stepped;
}
