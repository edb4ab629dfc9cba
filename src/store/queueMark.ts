import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { prettyJson, readOwnJson, writeAtomically } from '../disk/writeFiles.ts';
import { UsageError } from '../errors.ts';
import { queueFileName } from './folderFiles.ts';

/**
 * Marks a run folder as that of workers, before they begin: until their outcomes are in it, its
 * journal does not know their payments. `hasOthers` notes that the folder has jobs of other runs.
 */
export async function markQueued(folder: string, run: string, hasOthers = false): Promise<void> {
  const mark = { run, ...(hasOthers && { hasOthers }) };
  await writeAtomically(join(folder, queueFileName), prettyJson(mark));
}

/** Returns true if a folder is marked, and had no jobs of other runs then. */
export async function isQueuedAlone(folder: string): Promise<boolean> {
  const mark = await readOwnJson(join(folder, queueFileName), markSchema);
  return mark !== null && mark.hasOthers !== true;
}

const markSchema = z.object({ run: z.string(), hasOthers: z.boolean().optional() });

/** Removes the mark, once all outcomes are in the folder. */
export async function unmarkQueued(folder: string): Promise<void> {
  await rm(join(folder, queueFileName), { force: true });
}

/** Returns true if workers make the images of a folder. */
export function isQueued(folder: string): boolean {
  return existsSync(join(folder, queueFileName));
}

/** Throws `UsageError` if workers make the images of a folder. */
export function expectNotQueued(folder: string): void {
  if (!isQueued(folder)) return;
  throw new UsageError(`Workers make the images of ${folder}: its journal does not know all of them yet.`, {
    suggestion:
      'Run the command that began it, with its queue, until all is done. Delete queue.json only if you want to make, and pay for, those that it does not know again.',
  });
}
