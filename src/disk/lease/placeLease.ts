import { hash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, link, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readOwnText } from '../ownFiles.ts';
import { isMissing, unlessMissing } from '../storageError.ts';
import { newTemporaryPath, removeTemporary, temporaryPath } from '../writeFiles.ts';
import { type LeaseHolder, leaseText, parseHolder, stateOf } from './leaseHolder.ts';

export interface PatienceConfig {
  /**
   * Time without a renewal after which a holder on another machine counts as dead. Default 60,000.
   */
  staleAfterMs?: number;
  /** The same for a holder that exists on this machine, but is suspended. Default: never. */
  suspendedAfterMs?: number;
}

/** Time for a file to become whole. After a power cut it may never be. */
const INCOMPLETE_MS = 5_000;

/** Returns the time without a renewal after which a lease is taken over. */
export function patienceMs(holder: LeaseHolder | null, own: LeaseHolder, config: PatienceConfig): number {
  const { staleAfterMs = 60_000, suspendedAfterMs = Number.POSITIVE_INFINITY } = config;
  if (holder === null) return INCOMPLETE_MS;
  return { dead: 0, alive: suspendedAfterMs, unknown: staleAfterMs }[stateOf(holder, own)];
}

/**
 * Writes this process into the file of a free lease; resolves with false if another process was
 * faster. A link appears whole, and at one process only, also on NFS; without links, an exclusive
 * copy has to do.
 */
export async function placeLease(path: string, own: LeaseHolder): Promise<boolean> {
  const text = leaseText(own, 0);
  const part = newTemporaryPath(path);
  try {
    // Closed before it is linked, so that a file server has its content.
    await writeFile(part, text, { flag: 'wx' });
    await link(part, path).catch((error: unknown) =>
      isTaken(error) ? undefined : copyFile(part, path, constants.COPYFILE_EXCL),
    );
  } catch (error) {
    // The holder removes temporary files when it begins.
    const isRemoved = isMissing(error) && existsSync(dirname(path));
    if (!isTaken(error) && !isRemoved) throw error;
  } finally {
    await removeTemporary(part);
  }
  // The link may be ours although the file server's response to it was lost.
  return (await contentAt(path)) === text;
}

/** A lease whose holder counts as dead. */
interface StaleLease {
  /** Content of its file. */
  readonly text: string;
  /** Time without a renewal. */
  readonly unchangedMs: number;
}

/**
 * Replaces the lease of a dead process; resolves with false if another process was faster. For each
 * lease there is one name for its successor, so only one of several processes can get it, and it
 * looks again before the rename.
 */
export async function replaceLease(
  path: string,
  { text, unchangedMs }: StaleLease,
  own: LeaseHolder,
  config: PatienceConfig,
): Promise<boolean> {
  const dead = parseHolder(text);
  const successor = temporaryPath(`${path}.after-${dead?.token ?? hash('sha256', text, 'hex')}`);
  if (!(await placeLease(successor, own))) {
    const other = parseHolder((await contentAt(successor)) ?? '');
    // It died, too, before its rename.
    const isOver = unchangedMs >= patienceMs(dead, own, config) + patienceMs(other, own, config);
    if (isOver) await rm(successor, { force: true });
    return false;
  }
  if ((await contentAt(path)) !== text) {
    await rm(successor, { force: true });
    return false;
  }
  await unlessMissing(rename(successor, path));
  return true;
}

/** Reads the file of a lease; null if there is none. */
export function contentAt(path: string): Promise<string | null> {
  return unlessMissing(readOwnText(path));
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
