import { readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '../../errors.ts';
import { openOwn, ownFlags } from '../ownFiles.ts';
import { isMissing, toStorageError, unlessMissing } from '../storageError.ts';
import { describeHolder, type LeaseHolder, leaseText, parseHolder } from './leaseHolder.ts';

export interface RenewalConfig {
  /** Time between two renewals. Default 5,000. */
  renewEveryMs?: number;
  /**
   * Calls `action` again and again until the returned function is called. Default: a timer that
   * does not keep the process alive.
   */
  repeatEvery?: (everyMs: number, action: () => void) => () => void;
}

/** The right of one process alone to use something. */
export interface Lease {
  /** Throws `StorageError` if another process may have the lease by now. Takes microseconds. */
  check(): void;
  /** Ends the lease; may be called again. */
  release(): void;
}

/** Begins to renew a lease that was placed; resolves with null if it is not this process's. */
export async function holdLease(
  path: string,
  own: LeaseHolder,
  config: RenewalConfig,
): Promise<Lease | null> {
  const handle = await unlessMissing(openOwn(path, ownFlags.readWrite));
  if (handle === null) return null;
  let isOwn = false;
  try {
    isOwn = parseHolder(await handle.readFile('utf8'))?.token === own.token;
  } finally {
    if (!isOwn) await handle.close();
  }
  return isOwn ? leaseOf(path, handle, own, config) : null;
}

function leaseOf(path: string, handle: FileHandle, own: LeaseHolder, config: RenewalConfig): Lease {
  const { renewEveryMs = 5_000, repeatEvery = inBackground } = config;
  let renewals = 0;
  let isRenewing = false;
  let isReleased = false;
  let fault: StorageError | null = null;
  // Through the open file: that of a process that has taken over is never written to.
  const renew = async () => {
    if (isRenewing) return;
    isRenewing = true;
    renewals += 1;
    await handle
      .write(leaseText(own, renewals), 0)
      .then(() => handle.datasync())
      // Renewed next time, or lost.
      .catch(() => {});
    isRenewing = false;
  };
  const stop = repeatEvery(renewEveryMs, renew);
  return {
    check: () => {
      fault ??= faultOf(path, own);
      if (fault !== null) throw fault;
    },
    release: () => {
      if (isReleased) return;
      isReleased = true;
      stop();
      end(path, handle, own);
    },
  };
}

function inBackground(everyMs: number, action: () => void): () => void {
  const timer = setInterval(action, everyMs).unref();
  return () => clearInterval(timer);
}

/** Returns the error of a lease that this process has no more; null if it has it. */
function faultOf(path: string, own: LeaseHolder): StorageError | null {
  // If the whole folder is gone, its user notices that too, and has better advice.
  if (!isFolder(dirname(path))) return null;
  const text = contentNow(path);
  const holder = parseHolder(text ?? '');
  if (holder?.token === own.token) return null;
  const message =
    holder === null
      ? `Another program deleted or changed ${path} during the run, so another run may have begun.`
      : `Another run has taken over ${path}, because this one could not renew it: ${describeHolder(holder)}.`;
  return new StorageError('ERR_LEASE_LOST', message, {
    recoverable: true,
    suggestion: 'Wait until no other run uses it, then run the same command again.',
  });
}

/** Deletes the file of a lease; marks it as ended if it is not at its path any more. */
function end(path: string, handle: FileHandle, own: LeaseHolder): void {
  try {
    if (parseHolder(contentNow(path) ?? '')?.token === own.token) rmSync(path);
    else writeSync(handle.fd, leaseText({ ...own, ended: true }, 0), 0);
  } catch {
    // This process ends soon, and with it the lease.
  }
  void handle.close().catch(() => {});
}

function contentNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw toStorageError(error, path);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
