import { randomBytes } from 'node:crypto';
import { defer, filter, type Observable, repeat, type SchedulerLike, take } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { longTimer, monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { RxposureError } from '../../errors.ts';
import { toStorageError } from '../storageError.ts';
import { holdLease, type Lease, type RenewalConfig } from './holdLease.ts';
import { type LeaseHolder, parseHolder, stateOf, thisProcess } from './leaseHolder.ts';
import { contentAt, type PatienceConfig, patienceMs, placeLease, replaceLease } from './placeLease.ts';

export interface LeaseConfig extends WaitConfig, PatienceConfig, RenewalConfig {
  /** Time between two looks at a lease that is not free. Default 500. */
  lookEveryMs?: number;
  /** Clock of the looks. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

interface WaitConfig {
  /**
   * Creates the error to emit if the holder is alive, instead of a wait until it ends its lease.
   * Default: waits.
   */
  refuse?: (holder: LeaseHolder) => RxposureError;
  /** Called once if the lease is not free and the wait begins. Default: no-op. */
  onWait?: (holder: LeaseHolder) => void;
}

/**
 * Takes the lease that a file stands for. It excludes other processes on every file system, also
 * where locks do not work: a file is created, or replaced, by one process only. The holder
 * renews it as long as it lives, so a lease whose holder has died is taken over: at once if that
 * was on this machine, else after it was not renewed for a while. Emits the lease once.
 *
 *     free, or of a dead process             (l|)
 *     released before the third look         --(l|)
 *     another machine, staleAfter 3 looks    ---(l|)
 *
 * Counts looks, and compares no clocks of two machines. Emits the error of `refuse`, and
 * `StorageError` if the disk refuses.
 */
export function takeLease(path: string, config: LeaseConfig = {}): Observable<Lease> {
  const { lookEveryMs = 500, scheduler = monotonicScheduler } = config;
  return defer(() =>
    looks(path, { ...config, lookEveryMs }).pipe(
      repeat({ delay: () => longTimer(lookEveryMs, scheduler) }),
      filter((lease) => lease !== null),
      take(1),
    ),
  );
}

/** Emits the lease, taken as by `takeLease`; null if its holder does not count as dead. */
export function tryLease(path: string, config: Omit<LeaseConfig, 'refuse'> = {}): Observable<Lease | null> {
  return defer(() => looks(path, { ...config, lookEveryMs: 0 }));
}

type LookConfig = LeaseConfig & { lookEveryMs: number };

/** Looks at a lease on each subscribe, and remembers the results of the earlier looks. */
function looks(path: string, config: LookConfig): Observable<Lease | null> {
  const own = thisProcess(randomBytes(8).toString('hex'));
  const seen: Sighting = { text: null, unchangedMs: 0, hasChanged: false, isWaiting: false };
  return fromAbortable(async (signal) => {
    try {
      const lease = await lookAt(path, own, seen, config);
      if (signal.aborted) lease?.release();
      return lease;
    } catch (error) {
      throw error instanceof RxposureError ? error : toStorageError(error, path);
    }
  });
}

/** The results of the looks at a lease so far. */
interface Sighting {
  /** Content of the file at the last look; null: there was none. */
  text: string | null;
  /** Time for which it has not changed. */
  unchangedMs: number;
  /** True if it ever changed: its holder is alive. */
  hasChanged: boolean;
  isWaiting: boolean;
}

/** Takes the lease if it is free, or if its holder counts as dead; null if not. */
async function lookAt(
  path: string,
  own: LeaseHolder,
  seen: Sighting,
  config: LookConfig,
): Promise<Lease | null> {
  const text = await contentAt(path);
  if (text === null) return (await placeLease(path, own)) ? holdLease(path, own, config) : null;
  seen.hasChanged ||= seen.text !== null && seen.text !== text;
  seen.unchangedMs = seen.text === text ? seen.unchangedMs + config.lookEveryMs : 0;
  seen.text = text;
  const holder = parseHolder(text);
  if (seen.unchangedMs >= patienceMs(holder, own, config)) {
    return (await replaceLease(path, { text, unchangedMs: seen.unchangedMs }, own, config))
      ? holdLease(path, own, config)
      : null;
  }
  if (holder === null) return null;
  if (config.refuse !== undefined && (seen.hasChanged || stateOf(holder, own) === 'alive')) {
    throw config.refuse(holder);
  }
  if (!seen.isWaiting) config.onWait?.(holder);
  seen.isWaiting = true;
  return null;
}
