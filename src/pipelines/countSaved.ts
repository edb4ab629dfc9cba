import type { OpenRun } from './openRun.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/** How many of the first `total` jobs earlier runs have finished; `mayDiffer` where requests or files may have changed since. */
export async function countSaved(
  plans: PlanSource,
  total: number,
  run: OpenRun,
  mayDiffer = false,
): Promise<number> {
  const { isSaved, wasSaved, journal } = run;
  let saved = 0;
  if (journal.inputChanged || mayDiffer) {
    for await (const plan of plans()) if (isSaved(plan)) saved += 1;
    return saved;
  }
  for (let index = 0; index < total; index += 1) {
    if (wasSaved(index)) saved += 1;
  }
  return saved;
}
