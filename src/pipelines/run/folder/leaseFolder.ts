import { join } from 'node:path';
import { defer, firstValueFrom, takeUntil, throwIfEmpty } from 'rxjs';
import { abortOf } from '../../../base/fromAbortable.ts';
import { makeFolder } from '../../../disk/folders.ts';
import type { Lease } from '../../../disk/lease/holdLease.ts';
import { describeHolder, type LeaseHolder } from '../../../disk/lease/leaseHolder.ts';
import { takeLease } from '../../../disk/lease/takeLease.ts';
import { toStorageError } from '../../../disk/storageError.ts';
import { option, UsageError } from '../../../errors.ts';
import type { RunJournal } from '../../../store/entries.ts';
import type { RunSettings } from '../settings.ts';

/** Time without a renewal after which a run on another machine counts as dead. */
const STALE_AFTER_MS = 60_000;

type LeaseSettings = Pick<RunSettings, 'folder' | 'emit' | 'scheduler' | 'waitsForFolder'>;

/**
 * Takes the lease of a run folder, `run.lock`, which keeps other processes out also if the locks of
 * the file system do not work; makes the folder if it does not exist. Waits for a minute if a
 * run on another machine has it and may be dead, and with `waitsForFolder` for any other; an
 * aborted `signal` ends the wait.
 *
 * Rejects with `UsageError` if another run is in the folder, with `StorageError` if it cannot be
 * written.
 */
export async function leaseFolder(
  { folder, emit = () => {}, scheduler, waitsForFolder = false }: LeaseSettings,
  signal?: AbortSignal,
): Promise<Lease> {
  try {
    makeFolder(folder);
  } catch (error) {
    throw toStorageError(error, folder);
  }
  const refuse = (holder: LeaseHolder) =>
    new UsageError(`${folder} is in use by another run: ${describeHolder(holder)}.`, {
      recoverable: true,
      suggestion: `Wait for that run or stop it, or choose another folder with ${option('--out')}.`,
    });
  const waiting = waitsForFolder
    ? 'Waiting until it has ended.'
    : `Watching for ${STALE_AFTER_MS / 1_000} s whether it is alive.`;
  const lease = takeLease(join(folder, 'run.lock'), {
    staleAfterMs: STALE_AFTER_MS,
    ...(waitsForFolder ? {} : { refuse }),
    onWait: (holder) =>
      emit({
        type: 'warning',
        message: `${folder} may be in use by another run: ${describeHolder(holder)}. ${waiting}`,
      }),
    ...(scheduler === undefined ? {} : { scheduler }),
  });
  const unlessAborted = lease.pipe(
    takeUntil(abortOf(signal)),
    throwIfEmpty(() => signal?.reason),
  );
  return firstValueFrom(unlessAborted);
}

/**
 * Returns the journal with a check of the lease before each intent, so that a run that has lost its
 * folder to another one sends no create request.
 */
export function underLease<J extends RunJournal>(journal: J, lease: Lease): J {
  return {
    ...journal,
    record: (plan, entry) =>
      defer(() => {
        if (entry.type === 'intended') lease.check();
        return journal.record(plan, entry);
      }),
  };
}
