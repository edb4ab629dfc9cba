import { toMicroUsd } from '../../../base/text.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { unusedResults } from '../../../sinks/manifest/unusedResults.ts';
import type { Outcome, Plan } from '../../../types.ts';

/** Enough of a sha256 to identify a request. */
const KEY_CHARS = 16;

/** The results that a run folder has before a run. */
export interface EarlierResults {
  /**
   * Returns true for a job that a run would skip, because the folder has a result for its request.
   * Call it for all jobs, in order: the n-th of several identical requests needs an n-th result.
   */
  readonly isSaved: (plan: Plan) => boolean;
  /** Returns the saved jobs of the folder that no job so far has asked for. */
  readonly countUnused: () => number;
  /** The money that earlier runs have spent on the jobs of the folder. */
  readonly spentMicroUsd: number;
}

/** Reads the results of a folder, without its lock. */
export async function earlierResults(folder: string): Promise<EarlierResults> {
  const current = new Map<string, number>();
  const unused = new Map<string, number>();
  let spentUsd = 0;
  const count = (results: Map<string, number>, { key, status, costUsd }: Outcome) => {
    spentUsd += costUsd ?? 0;
    const short = key.slice(0, KEY_CHARS);
    if (status === 'saved') results.set(short, (results.get(short) ?? 0) + 1);
  };
  for await (const outcome of manifestOutcomes(folder)) count(current, outcome);
  for await (const { outcome } of unusedResults(folder)) count(unused, outcome);
  return {
    isSaved: ({ key }) => {
      const short = key.slice(0, KEY_CHARS);
      const results = (current.get(short) ?? 0) > 0 ? current : unused;
      const left = results.get(short) ?? 0;
      if (left > 0) results.set(short, left - 1);
      return left > 0;
    },
    countUnused: () => [...current.values()].reduce((sum, left) => sum + left, 0),
    spentMicroUsd: toMicroUsd(spentUsd),
  };
}

/** Returns the test for saved jobs alone: see `EarlierResults`. */
export async function savedJobs(folder: string): Promise<EarlierResults['isSaved']> {
  return (await earlierResults(folder)).isSaved;
}
