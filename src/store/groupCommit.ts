import type { DatabaseSync } from 'node:sqlite';
import { asyncScheduler, Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { rollBack, toJournalError } from './database.ts';

interface GroupCommitConfig {
  database: Pick<DatabaseSync, 'exec'>;
  /** Of the database's file, for errors. */
  path: string;
  /** Throws where the database's files are no longer where they were: then nothing is safe. Default: they are. */
  check?: (() => void) | undefined;
  /** How long the first change of a group waits for others. Default 2. */
  flushEveryMs?: number | undefined;
  /** Clock of that wait. Default asyncScheduler. */
  scheduler?: SchedulerLike | undefined;
}

/** Changes of a database, committed together. */
export interface GroupCommit {
  /**
   * Makes the change on subscribe, visible to reads at once; emits and completes once it is durable. An unsubscribe
   * takes nothing back. Emits `StorageError`, for the whole group, where the disk refuses.
   */
  write(change: () => void): Observable<void>;
  /** Commits what is waiting, now. */
  flush(): void;
}

/**
 * Share of the time that may be spent on committing under load, as 1 in so many: a flush blocks the thread, so after one
 * that took 0.3 ms the next waits up to 7.5 ms, and on a slow disk the groups become larger instead of the run slower.
 * After a small group the pause is as much smaller, because somebody waits for each entry before it sends its create.
 */
const LONGEST_PAUSE_PER_COMMIT = 25;
const MAX_PAUSE_MS = 100;

/**
 * Commits all changes of some milliseconds in one transaction, in their order: one flush for many.
 *
 *     write(a)   -a--(.|)
 *     write(b)   --b-(.|)    the same flush
 */
export function createGroupCommit(config: GroupCommitConfig): GroupCommit {
  const { database, path, check = () => {}, flushEveryMs = 2, scheduler = asyncScheduler } = config;
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
      // Before, because a commit would hide a cut; after, because what is called safe must be where it is looked for.
      check();
      database.exec('COMMIT');
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
