import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { unusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { Outcome, Plan } from '../../../types.ts';

/** Enough of a sha256 to identify a request. */
const KEY_CHARS = 16;

/**
 * Returns a test for jobs that a run would skip, because its folder has a result for their request.
 * Call it for all jobs, in order: the n-th of several identical requests needs an n-th result.
 */
export async function savedJobs(folder: string): Promise<(plan: Plan) => boolean> {
  const results = new Map<string, number>();
  const count = ({ key, status }: Outcome) => {
    const short = key.slice(0, KEY_CHARS);
    if (status === 'saved') results.set(short, (results.get(short) ?? 0) + 1);
  };
  for await (const outcome of manifestOutcomes(folder)) count(outcome);
  for await (const { outcome } of unusedResults(folder)) count(outcome);
  return ({ key }) => {
    const short = key.slice(0, KEY_CHARS);
    const left = results.get(short) ?? 0;
    if (left > 0) results.set(short, left - 1);
    return left > 0;
  };
}
