import { checkGrid } from '../sources/checkGrid.ts';
import { extendGrid } from '../sources/extendGrid.ts';
import type { Grid, GrownGrid } from '../sources/Grid.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { readGridHistory } from './readGridHistory.ts';

/**
 * A grid as the next step of what its folder has held. Writes nothing. Rejects with `UsageError` for all that can be wrong
 * with it, the folder's past included.
 */
export async function openGrid(
  wanted: Grid,
  contexts: readonly JobContext[],
  folder: string,
): Promise<GrownGrid> {
  const grown = extendGrid(wanted, contexts[0]?.count ?? 1, await readGridHistory(folder));
  await checkGrid(grown, contexts);
  return grown;
}
