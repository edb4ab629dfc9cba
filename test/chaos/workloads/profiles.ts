import { type ChaosProfileName, chaosProfile } from '../../../src/simulator/index.ts';
import type { Workload } from './workload.ts';

/** Nothing goes wrong but the kills. */
export const onlyKills: Workload = { name: 'kills' };

/** A chaos profile of the simulator. */
export function profile(name: ChaosProfileName): Workload {
  return { name, simulator: (around) => chaosProfile(name, around) };
}
