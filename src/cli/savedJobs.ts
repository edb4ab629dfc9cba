import { manifestOutcomes } from '../sinks/manifestOutcomes.ts';
import type { Plan } from '../types.ts';

/** Enough of a sha256 to know a request by. */
const KEY_CHARS = 16;

/** Tells which jobs a run folder has already, by its manifest: those that a run in it would pass over. It is only read. */
export async function savedJobs(folder: string): Promise<(plan: Plan) => boolean> {
  const keys = new Map<number, string>();
  for await (const { index, key, status } of manifestOutcomes(folder)) {
    if (status === 'saved') keys.set(index, key.slice(0, KEY_CHARS));
  }
  return ({ index, key }) => keys.get(index) === key.slice(0, KEY_CHARS);
}
