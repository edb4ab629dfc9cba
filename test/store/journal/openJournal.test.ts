import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkJoin, lastValueFrom, VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunJournal } from '../../../src/store/entries.ts';
import { loadSqlite } from '../../../src/store/journal/database.ts';
import { createJobTable } from '../../../src/store/journal/jobTable.ts';
import { type OpenJournalConfig, openJournal } from '../../../src/store/journal/journal.ts';
import { aFile, aPlan, created, downloaded, intended, outcome } from '../../helpers/aPlan.ts';

let folder = '';
const opened: RunJournal[] = [];

function open(config: OpenJournalConfig = {}, at = folder): RunJournal {
  const journal = openJournal(at, config);
  opened.push(journal);
  return journal;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-store-'));
});
afterEach(async () => {
  for (const journal of opened.splice(0)) journal.close();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Starts a process that records 50 jobs and waits; resolves once it has reported them as safe.
 */
async function recordingProcess() {
  const script = new URL('../../helpers/recordAndWait.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('openJournal', () => {
  it('has all confirmed entries after a kill -9, and no lock that stays behind', async () => {
    const child = await recordingProcess();
    const exit = once(child, 'exit');
    try {
      expect(() => open()).toThrow('cannot be locked: another program has it');
    } finally {
      child.kill('SIGKILL');
    }
    await exit;
    const journal = open();
    expect(journal.openIndexes().size).toBe(50);
    expect(new Set(journal.knownPredictionIds())).toEqual(
      new Set(Array.from({ length: 50 }, (_, index) => `p${index}`)),
    );
    expect(journal.find(49)).toMatchObject({ state: 'created', predictionId: 'p49', intendedAtMs: 1_000 });
  });

  it('is for one run at a time, in the same process too', () => {
    const first = openJournal(folder);
    expect(() => open()).toThrow(expect.objectContaining({ name: 'UsageError', code: 'ERR_USAGE' }));
    first.close();
    expect(open().savedCount()).toBe(0);
  });

  it('confirms nothing before it is committed, then all of a group, in order', async () => {
    const scheduler = new VirtualTimeScheduler();
    const journal = open({ scheduler, flushEveryMs: 2 });
    const confirmed: string[] = [];
    for (const index of [3, 1, 2]) {
      journal.record(aPlan({ index }), intended()).subscribe({
        next: () => confirmed.push(`${index} at ${scheduler.now()}`),
        complete: () => confirmed.push(`${index} complete`),
      });
    }
    expect(confirmed).toEqual([]);
    scheduler.flush();
    // Committed, but not flushed yet.
    expect(confirmed).toEqual([]);
    await vi.waitFor(() => expect(confirmed).toHaveLength(6));
    expect(confirmed).toEqual(['3 at 2', '3 complete', '1 at 2', '1 complete', '2 at 2', '2 complete']);
  });

  it('writes a recorded entry even after an unsubscribe', () => {
    const journal = openJournal(folder);
    journal.record(aPlan(), intended()).subscribe().unsubscribe();
    journal.close();
    expect(open().find(0)).toMatchObject({ state: 'intended' });
  });

  it('knows entries of a recorder that has unsubscribed', () => {
    const journal = openJournal(folder);
    opened.push(journal);
    journal.record(aPlan(), outcome('saved')).subscribe().unsubscribe();
    journal.setMovePhase(null);
    expect([journal.isSaved(0), journal.savedCount()]).toEqual([true, 1]);
  });

  it('forgets entries of recorders that have unsubscribed, if a group fails', () => {
    const journal = openJournal(folder);
    opened.push(journal);
    journal.record(aPlan(), created('p1')).subscribe().unsubscribe();
    journal
      .record(aPlan({ index: 1 }), outcome('saved'))
      .subscribe()
      .unsubscribe();
    const errors: Error[] = [];
    const broken = created(Symbol('no text') as never);
    journal.record(aPlan({ index: 2 }), broken).subscribe({ error: (error) => errors.push(error) });
    journal.record(aPlan(), intended()).subscribe().unsubscribe();
    journal.setMovePhase(null);
    expect([errors.length, journal.savedCount()]).toEqual([1, 0]);
    expect(journal.find(0)).toMatchObject({ state: 'intended', predictionId: null });
  });

  it('lets a confirmation record the next entry', async () => {
    const journal = open();
    await new Promise<void>((resolve) => {
      journal.record(aPlan(), intended()).subscribe(() => {
        journal.record(aPlan(), created()).subscribe(() => resolve());
      });
    });
    expect(journal.find(0)?.state).toBe('created');
  });

  it('knows the files of a folder that was moved', async () => {
    const journal = openJournal(join(folder, 'old'));
    const entry = downloaded(join(folder, 'old/a/cat.png'));
    await lastValueFrom(journal.record(aPlan(), entry));
    journal.close();
    await cp(join(folder, 'old'), join(folder, 'new'), { recursive: true });
    expect(open({}, join(folder, 'new')).find(0)?.files).toEqual([aFile(join(folder, 'new/a/cat.png'))]);
  });

  it('refuses a file outside of its folder, which it would read or write there', async () => {
    const journal = open();
    await lastValueFrom(journal.record(aPlan(), downloaded(join(folder, '../elsewhere.png'))));
    expect(() => journal.find(0)).toThrow(
      `${join(folder, 'run.sqlite')}, job 1: Expected a path below the run folder, got "../elsewhere.png"`,
    );
  });

  it('opens quickly and small over 200,000 saved jobs', async () => {
    openJournal(folder).close();
    const database = new (loadSqlite().DatabaseSync)(join(folder, 'run.sqlite'));
    database.exec(`
      WITH RECURSIVE counter (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counter WHERE i < 199999)
      INSERT INTO job
        SELECT i + 1, i, 'key', 'saved', 1, NULL, NULL, NULL, NULL, NULL, '[]', 0, NULL, 3000, 0 FROM counter`);
    database.exec('BEGIN');
    createJobTable(database, folder).writeChecksums();
    database.exec('COMMIT');
    database.close();
    // Opened once, so that it has a log and a checksum.
    await rm(join(folder, 'journal.jsonl'));
    openJournal(folder).close();
    // Of this process alone: others may have the cores meanwhile.
    const before = process.cpuUsage();
    const journal = open();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_500);
    expect(journal.savedCount()).toBe(200_000);
    expect([journal.isSaved(199_999), journal.isSaved(200_000)]).toEqual([true, false]);
    expect(journal.spentMicroUsd()).toBe(200_000 * 3_000);
    expect(journal.openIndexes().size).toBe(0);
  });

  it('commits thousands of entries with few flushes', async () => {
    const journal = open();
    const entries = Array.from({ length: 5_000 }, (_, index) =>
      journal.record(aPlan({ index }), outcome('saved')),
    );
    const exec = vi.spyOn(loadSqlite().DatabaseSync.prototype, 'exec');
    onTestFinished(() => exec.mockRestore());
    await lastValueFrom(forkJoin(entries));
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1);
    expect(journal.savedCount()).toBe(5_000);
  });

  it('emits an error for an entry after the end', async () => {
    const journal = openJournal(folder);
    journal.close();
    await expect(lastValueFrom(journal.record(aPlan(), intended()))).rejects.toMatchObject({
      name: 'StorageError',
    });
  });

  describe('a fixed input', () => {
    const begin = (config: OpenJournalConfig) => openJournal(folder, config).close();

    it('accepts the same input again, and one that is not fixed', () => {
      begin({ fixedInput: 'one' });
      begin({ fixedInput: 'one' });
      begin({});
      expect(() => begin({ fixedInput: 'one' })).not.toThrow();
    });

    it('refuses another input and suggests how to continue', () => {
      begin({ fixedInput: 'one' });
      expect(() => open({ fixedInput: 'two' })).toThrow(
        expect.objectContaining({
          name: 'UsageError',
          suggestion: expect.stringContaining('--resume-anyway'),
        }),
      );
      expect(() => begin({ fixedInput: 'one' })).not.toThrow();
    });

    it('accepts another input on demand, and uses it for the folder from then on', () => {
      begin({ fixedInput: 'one' });
      begin({ fixedInput: 'two', resumeAnyway: true });
      begin({ fixedInput: 'two' });
      expect(() => open({ fixedInput: 'one' })).toThrow(expect.objectContaining({ name: 'UsageError' }));
    });
  });

  it('refuses the folder of another service', () => {
    openJournal(folder, { service: 'simulator' }).close();
    openJournal(folder, { service: 'simulator' }).close();
    expect(() => open({ service: 'https://api.replicate.com' })).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining('simulator') }),
    );
  });

  describe('a file that is no journal', () => {
    const path = () => join(folder, 'run.sqlite');
    const thrown = () => {
      try {
        return open();
      } catch (error) {
        return error;
      }
    };

    it('is named when it is no database', async () => {
      await writeFile(path(), 'this is no database, but a text of some length'.repeat(100));
      expect(thrown()).toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining('run.sqlite'),
        suggestion: expect.stringContaining('--out'),
      });
    });

    it('is left alone when it is the database of another program', () => {
      const database = new (loadSqlite().DatabaseSync)(path());
      database.exec('CREATE TABLE recipes (name TEXT)');
      database.close();
      expect(thrown()).toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining('another program'),
      });
    });

    it('is left alone when a newer version wrote it', async () => {
      openJournal(folder).close();
      await rm(join(folder, 'journal.jsonl'));
      const database = new (loadSqlite().DatabaseSync)(path());
      database.exec('PRAGMA user_version = 99');
      database.close();
      expect(thrown()).toMatchObject({ name: 'UsageError', message: expect.stringContaining('version 99') });
    });

    it('cannot be created if its folder cannot be', async () => {
      await writeFile(join(folder, 'file'), '');
      expect(() => open({}, join(folder, 'file/run'))).toThrow(
        expect.objectContaining({ name: 'StorageError' }),
      );
    });
  });
});
