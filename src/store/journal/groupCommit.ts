import type { DatabaseSync } from 'node:sqlite';
import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { rollBack, toJournalError } from './database.ts';

interface GroupCommitConfig {
  database: Pick<DatabaseSync, 'exec'>;
  /** The database's file, for errors. */
  path: string;
  /**
   * Throws if the database's files were deleted, moved or cut: then nothing is durable. Default: no
   * check.
   */
  check?: (() => void) | undefined;
  /** Called before each commit; an error fails the group. Default: no-op. */
  beforeCommit?: () => void;
  /** Called after each commit. Default: no-op. */
  afterCommit?: () => void;
  /** Called after a group has failed. Default: no-op. */
  onRollback?: () => void;
  /** Time that the first change of a group waits for others. Default 2. */
  flushEveryMs?: number | undefined;
  /** Clock of that wait. Default monotonicScheduler. */
  scheduler?: SchedulerLike | undefined;
}

/** Changes of a database, committed together. */
export interface GroupCommit {
  /**
   * Makes the change on subscribe, visible to reads at once; emits and completes once it is
   * durable. An unsubscribe undoes nothing. Emits `StorageError`, for the whole group, if the disk
   * refuses.
   */
  write(change: () => void): Observable<void>;
  /** Commits all waiting changes now. */
  flush(): void;
}

/**
 * Longest pause after a commit, as a multiple of its duration. A flush blocks the thread, so after
 * one of 0.3 ms the next waits up to 7.5 ms: on a slow disk the groups become larger, not the run
 * slower. After a small group the pause is shorter in proportion, because a job waits for each
 * entry before it sends its create request.
 */
const LONGEST_PAUSE_PER_COMMIT = 25;
/** Longest pause in any case. */
const MAX_PAUSE_MS = 100;

/**
 * Creates a group commit: it commits all changes of a few milliseconds in one transaction, in their
 * order, with one flush.
 *
 *     write(a)   -a--(.|)
 *     write(b)   --b-(.|)    the same flush
 */
export function createGroupCommit(config: GroupCommitConfig): GroupCommit {
  const { database, path, check = () => {}, flushEveryMs = 2, scheduler = monotonicScheduler } = config;
  const { beforeCommit = () => {}, afterCommit = () => {}, onRollback = () => {} } = config;
  let waiting: Subscriber<void>[] = [];
  let timer: Subscription | null = null;
  let pauseUntilMs = 0;

  const flush = (): void => {
    timer?.unsubscribe();
    timer = null;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      const startedMs = performance.now();
      // Before, because a commit would hide a cut; after, because durable changes must be in the
      // file under its name.
      check();
      beforeCommit();
      database.exec('COMMIT');
      afterCommit();
      check();
      const pauseMs = Math.min(
        MAX_PAUSE_MS,
        (performance.now() - startedMs) * Math.min(LONGEST_PAUSE_PER_COMMIT, group.length),
      );
      pauseUntilMs = scheduler.now() + pauseMs;
    } catch (error) {
      fail(group, error);
      return;
    }
    for (const subscriber of group) {
      subscriber.next();
      subscriber.complete();
    }
  };
  const fail = (group: readonly Subscriber<void>[], error: unknown): void => {
    rollBack(database);
    onRollback();
    const reason = toJournalError(error, path);
    for (const subscriber of group) subscriber.error(reason);
  };
  const write = (change: () => void, subscriber: Subscriber<void>): void => {
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
  return {
    write: (change) =>
      new Observable((subscriber) => {
        write(change, subscriber);
      }),
    flush,
  };
}
