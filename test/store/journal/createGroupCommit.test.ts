import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/store/journal/database.ts';
import { createGroupCommit, type GroupCommit } from '../../../src/store/journal/groupCommit.ts';
import { prepareTables } from '../../../src/store/journal/tables.ts';

let folder = '';
let database: DatabaseSync;
let scheduler: VirtualTimeScheduler;
let commits: GroupCommit;
let seen: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-commit-'));
  const path = join(folder, 'run.sqlite');
  database = openDatabase(path, (opened) => prepareTables(opened, path, () => {}));
  scheduler = new VirtualTimeScheduler();
  commits = createGroupCommit({ database, path: 'run.sqlite', flushEveryMs: 5, scheduler });
  seen = [];
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

function write(id: string, change = () => insert(id)): void {
  commits.write(change).subscribe({
    next: () => seen.push(`${id} safe`),
    error: ({ name }: Error) => seen.push(`${id} ${name}`),
  });
}

function insert(id: string): void {
  database.prepare('INSERT INTO prediction VALUES (?)').run(id);
}

function ids(): unknown[] {
  return database
    .prepare('SELECT id FROM prediction')
    .all()
    .map(({ id }) => id);
}

describe('createGroupCommit', () => {
  it('shows a change at once and calls it safe with the others of its group', () => {
    write('a');
    write('b');
    expect([ids(), seen]).toEqual([['a', 'b'], []]);
    scheduler.flush();
    expect(seen).toEqual(['a safe', 'b safe']);
    expect(scheduler.now()).toBe(5);
  });

  it('flushes on demand, once', () => {
    write('a');
    commits.flush();
    commits.flush();
    expect(seen).toEqual(['a safe']);
    scheduler.flush();
    expect(seen).toEqual(['a safe']);
  });

  it('fails a whole group, rolls it back, and continues with the next', () => {
    write('a');
    write('b', () => {
      throw new Error('the disk refuses');
    });
    expect([ids(), seen]).toEqual([[], ['a StorageError', 'b StorageError']]);
    write('c');
    scheduler.flush();
    expect([ids(), seen.slice(2)]).toEqual([['c'], ['c safe']]);
  });

  it.each([
    { entries: 1, pauseMs: 2 },
    { entries: 10, pauseMs: 2 * 10 },
    { entries: 40, pauseMs: 2 * 25 },
  ])('waits after a slow flush, the longer the more it wrote: $entries entries', ({ entries, pauseMs }) => {
    const slow = createGroupCommit({
      database: {
        exec: (sql: string) => {
          const untilMs = performance.now() + 2;
          while (sql === 'COMMIT' && performance.now() < untilMs);
        },
      },
      path: 'run.sqlite',
      flushEveryMs: 1,
      scheduler,
    });
    let next = 0;
    for (let n = 1; n < entries; n += 1) slow.write(() => {}).subscribe();
    slow
      .write(() => {})
      .subscribe(() => {
        slow
          .write(() => {})
          .subscribe(() => {
            next = scheduler.now();
          });
      });
    scheduler.flush();
    expect(next).toBeGreaterThanOrEqual(1 + pauseMs);
    expect(next).toBeLessThanOrEqual(1 + 100);
  });

  describe('with flushes beside the thread', () => {
    const disk = {
      ends: [] as PromiseWithResolvers<void>[],
      flush: () => {
        const end = Promise.withResolvers<void>();
        disk.ends.push(end);
        return end.promise;
      },
      flushSync: vi.fn(),
      check: () => {},
    };
    /** Ends the running flush, and notifies its waiting callers. */
    const endFlush = async (error?: Error) => {
      const end = disk.ends.shift();
      if (error === undefined) end?.resolve();
      else end?.reject(error);
      await Promise.resolve();
      await Promise.resolve();
    };
    beforeEach(() => {
      disk.ends = [];
      disk.flushSync.mockReset();
      commits = createGroupCommit({ database, path: 'run.sqlite', flushEveryMs: 5, scheduler, disk });
    });

    it('calls a change safe once it is flushed, and commits later changes together', async () => {
      write('a');
      scheduler.flush();
      write('b');
      scheduler.flush();
      write('c');
      scheduler.flush();
      expect([seen, disk.ends.length]).toEqual([[], 1]);
      await endFlush();
      expect([seen, disk.ends.length]).toEqual([['a safe'], 1]);
      await endFlush();
      expect([seen, disk.ends.length]).toEqual([['a safe', 'b safe', 'c safe'], 0]);
    });

    it('flushes all at once on demand, those on their way too', async () => {
      write('a');
      scheduler.flush();
      write('b');
      commits.flush();
      expect(seen).toEqual(['a safe', 'b safe']);
      await endFlush();
      expect([seen, disk.flushSync.mock.calls.length]).toEqual([['a safe', 'b safe'], 1]);
    });

    it('fails for good if a flush fails: the content of the disk is not known any more', async () => {
      write('a');
      scheduler.flush();
      write('b');
      await endFlush(Object.assign(new Error('EIO'), { code: 'EIO' }));
      expect([ids(), seen]).toEqual([['a'], ['a StorageError', 'b StorageError']]);
      write('c');
      expect([ids(), seen.slice(2)]).toEqual([['a'], ['c StorageError']]);
    });

    it('makes a transaction durable before it returns, after waiting changes', async () => {
      write('a');
      commits.transaction(() => insert('b'));
      expect([ids(), seen, disk.flushSync.mock.calls.length]).toEqual([['a', 'b'], ['a safe'], 2]);
    });

    it('fails for good if the flush of a transaction fails, and not if its change does', async () => {
      const refused = () => {
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      };
      expect(() => commits.transaction(refused)).toThrow('EIO');
      commits.transaction(() => insert('a'));
      disk.flushSync.mockImplementation(refused);
      expect(() => commits.transaction(() => insert('b'))).toThrow('EIO');
      disk.flushSync.mockReset();
      write('c');
      expect(() => commits.transaction(() => insert('d'))).toThrow('EIO');
      expect([ids(), seen]).toEqual([['a', 'b'], ['c StorageError']]);
    });

    it('lets a change that fails take its own group alone', async () => {
      write('a');
      scheduler.flush();
      write('b', () => {
        throw new Error('the disk refuses');
      });
      await endFlush();
      expect([ids(), seen]).toEqual([['a'], ['b StorageError', 'a safe']]);
    });
  });
});
