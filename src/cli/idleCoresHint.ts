import { availableParallelism } from 'node:os';
import { encoderPlaces } from '../encoderPlaces.ts';

export interface IdleCoresConfig {
  /** Default: those that the process may use. */
  cores?: number;
  /** Pictures encoded at a time. Default: as runs do it. */
  places?: number;
}

/** What to do where a machine has more cores than encode renditions; null where all of them do. */
export function idleCoresHint(config: IdleCoresConfig = {}): string | null {
  const { cores = availableParallelism(), places = encoderPlaces() } = config;
  if (places >= cores) return null;
  return `${places} of ${cores} cores make renditions, as Node's thread pool is small. Set UV_THREADPOOL_SIZE=${cores + 4} in the environment to use all.`;
}
