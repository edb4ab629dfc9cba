import type { DatabaseSync } from 'node:sqlite';
import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { RxposureError } from '../../errors.ts';
import { rollBack, toJournalError } from './database.ts';

interface GroupCommitConfig {
  database: Pick<DatabaseSync, 'exec'>;
  /** The database's file, for errors. */
  path: string;
  /** Called before each commit; an error fails the group. Default: no-op. */
  beforeCommit?: () => void;
  /** Called after each commit. Default: no-op. */
  afterCommit?: () => void;
  /** Called once all commits so far are durable, before their writes complete. Default: no-op. */
  afterFlush?: () => void;
  /** Makes commits durable. Default: they are, at once. */
  disk?: CommitDisk;
  /** Called after a group has failed. Default: no-op. */
  onRollback?: () => void;
  /** Time that the first change of a group waits for others. Default 2. */
  flushEveryMs?: number | undefined;
  /** Clock of that wait. Default monotonicScheduler. */
  scheduler?: SchedulerLike | undefined;
}

/** The disk that commits go to. */
export interface CommitDisk {
  /** Throws if the database's files were deleted, moved or cut: then nothing is durable. */
  check(): void;
  /** Flushes all commits so far, while the thread does other work. */
  flush(): Promise<void>;
  /** Flushes all commits so far. Throws the system's error. */
  flushSync(): void;
}

/** Changes of a database, committed together. */
export interface GroupCommit {
  /**
   * Makes the change on subscribe, visible to reads at once; emits and completes once it is
   * durable. An unsubscribe undoes nothing. Emits `StorageError`, for the whole group, if the disk
   * refuses.
   */
  write(change: () => void): Observable<void>;
  /** Commits all waiting changes now, and makes all that was committed durable. */
  flush(): void;
  /**
   * Makes a change by itself, behind all others and without `beforeCommit`; returns once it is
   * durable. Throws `StorageError` if the disk refuses: then nothing has changed, or all further
   * writes fail too.
   */
  transaction(change: () => void): void;
}

/**
 * Longest pause after a commit, as a multiple of its duration. A commit blocks the thread, so after
 * one of 0.3 ms the next waits up to 7.5 ms: on a slow disk the groups become larger, not the run
 * slower. After a small group the pause is shorter in proportion, because a job waits for each
 * entry before it sends its create request.
 */
const LONGEST_PAUSE_PER_COMMIT = 25;
/** Longest pause in any case. */
const MAX_PAUSE_MS = 100;

type Group = readonly Subscriber<void>[];

/**
 * Creates a group commit: it commits all changes of a few milliseconds in one transaction, in their
 * order, with one flush. Changes that come during a flush are committed together after it.
 *
 *     write(a)   -a--(.|)
 *     write(b)   --b-(.|)    the same flush
 *
 * After a flush that failed nothing is known of the disk: all further writes fail too.
 */
export function createGroupCommit(config: GroupCommitConfig): GroupCommit {
  const { database, path, flushEveryMs = 2, scheduler = monotonicScheduler } = config;
  const { beforeCommit = () => {}, afterCommit = () => {}, afterFlush = () => {} } = config;
  const { onRollback = () => {}, disk } = config;
  /** The changes of the open transaction. */
  let waiting: Subscriber<void>[] = [];
  /** The group that is committed, and on its way to the disk; null if there is none. */
  let flushing: Group | null = null;
  let fault: RxposureError | null = null;
  let timer: Subscription | null = null;
  let pauseUntilMs = 0;

  /** Commits the open transaction; null if there is none, or it has failed. */
  const commit = (): Group | null => {
    timer?.unsubscribe();
    timer = null;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return null;
    try {
      const startedMs = performance.now();
      // Before, because a commit would hide a cut; after the flush, because durable changes must be
      // in the file under its name.
      disk?.check();
      beforeCommit();
      database.exec('COMMIT');
      afterCommit();
      const pauseMs = Math.min(
        MAX_PAUSE_MS,
        (performance.now() - startedMs) * Math.min(LONGEST_PAUSE_PER_COMMIT, group.length),
      );
      pauseUntilMs = scheduler.now() + pauseMs;
      return group;
    } catch (error) {
      fail(group, error);
      return null;
    }
  };
  const fail = (group: Group, error: unknown): void => {
    rollBack(database);
    onRollback();
    const reason = toJournalError(error, path);
    for (const subscriber of group) subscriber.error(reason);
  };
  /** Fails the groups whose flush failed, and the changes that wait behind them. */
  const failFlush = (groups: Group, error: unknown): void => {
    fault = toJournalError(error, path);
    const later = waiting;
    waiting = [];
    flushing = null;
    fail([...groups, ...later], fault);
  };
  const flushNow = (): void => {
    const groups = [...(flushing ?? []), ...(commit() ?? [])];
    if (groups.length === 0) return;
    try {
      disk?.flushSync();
      disk?.check();
      afterFlush();
    } catch (error) {
      failFlush(groups, error);
      return;
    }
    flushing = null;
    emit(groups);
  };
  /** Ends the flush of a group, unless everything was flushed at once in the meantime. */
  const endFlush = (group: Group, error: unknown): void => {
    if (flushing !== group) return;
    try {
      if (error !== null) throw error;
      disk?.check();
      afterFlush();
    } catch (reason) {
      failFlush(group, reason);
      return;
    }
    flushing = null;
    // The disk is busy again before the thread is with those who waited.
    if (waiting.length > 0 && timer === null) flush();
    emit(group);
  };
  const flush = (): void => {
    timer = null;
    if (disk === undefined) flushNow();
    // `endFlush` begins the next one.
    if (disk === undefined || flushing !== null) return;
    const group = commit();
    if (group === null) return;
    flushing = group;
    disk.flush().then(
      () => endFlush(group, null),
      (error: unknown) => endFlush(group, error),
    );
  };
  const write = (change: () => void, subscriber: Subscriber<void>): void => {
    if (fault !== null) {
      subscriber.error(fault);
      return;
    }
    const isFirst = waiting.length === 0;
    waiting.push(subscriber);
    try {
      if (isFirst) database.exec('BEGIN IMMEDIATE');
      change();
    } catch (error) {
      const group = waiting;
      waiting = [];
      fail(group, error);
      return;
    }
    const waitMs = Math.max(flushEveryMs, pauseUntilMs - scheduler.now());
    timer ??= scheduler.schedule(flush, waitMs);
  };
  const transaction = (change: () => void): void => {
    flushNow();
    if (fault !== null) throw fault;
    try {
      database.exec('BEGIN IMMEDIATE');
      change();
      database.exec('COMMIT');
      afterCommit();
    } catch (error) {
      fail([], error);
      throw toJournalError(error, path);
    }
    try {
      disk?.flushSync();
      afterFlush();
    } catch (error) {
      failFlush([], error);
      throw toJournalError(error, path);
    }
  };
  return {
    write: (change) =>
      new Observable((subscriber) => {
        write(change, subscriber);
      }),
    flush: flushNow,
    transaction,
  };
}

function emit(group: Group): void {
  for (const subscriber of group) {
    subscriber.next();
    subscriber.complete();
  }
}
