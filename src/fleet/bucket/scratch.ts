import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { ensureDir } from '../../disk/folders.ts';
import { tryLease } from '../../disk/lease/takeLease.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';

/** A folder of one worker alone. */
export interface Scratch {
  /** Absolute. */
  readonly path: string;
  /** Deletes it, and lets another worker have its name. */
  release(): Promise<void>;
}

/** Workers on one machine, at most: more than it has cores. */
const MOST_WORKERS = 1_000;

/**
 * Takes a folder in `root` for one worker, and empties it: `worker-1`, or the next one that no
 * living worker has. Its content is never needed again, because originals are in the bucket before
 * they are processed further. Rejects with `StorageError` if the disk refuses.
 */
export async function takeScratch(root: string): Promise<Scratch> {
  await ensureDir(root).catch((error: unknown) => {
    throw toStorageError(error, root);
  });
  for (let place = 1; place <= MOST_WORKERS; place += 1) {
    const path = join(root, `worker-${place}`);
    const lease = await lastValueFrom(tryLease(`${path}.lock`));
    if (lease === null) continue;
    const empty = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
    await empty().catch((error: unknown) => {
      throw toStorageError(error, path);
    });
    await ensureDir(path);
    return {
      path,
      release: async () => {
        await empty().catch(() => {});
        lease.release();
      },
    };
  }
  throw new UsageError(`${root} is in use by ${MOST_WORKERS} workers.`, {
    suggestion: 'Choose another folder with --scratch.',
  });
}
