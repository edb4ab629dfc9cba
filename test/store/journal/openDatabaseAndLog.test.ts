import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { assert, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { loadSqlite } from '../../../src/store/journal/database.ts';
import { type FolderJournal, openJournal } from '../../../src/store/journal/journal.ts';
import type { JournalEntry } from '../../../src/types.ts';
import { aPlan, created, ended, intended, outcome } from '../../helpers/aPlan.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const file = (name: string) => join(folder(), name);
const FILES = ['run.sqlite', 'run.sqlite-wal', 'run.sqlite-shm', 'journal.jsonl'];

const keyOf = (index: number) => String(index).padStart(64, '0');

/** A job that was saved, one in flight, one whose response was lost, one that failed at a cost. */
const entries: readonly (readonly JournalEntry[])[] = [
  [intended(), created('p0'), outcome('saved', { predictionId: 'p0', costUsd: 0.003 })],
  [intended(), created('p1')],
  [intended()],
  [intended(), created('p3'), ended(700), outcome('failed', { costUsd: 0.0007 })],
];

async function recordAll(journal: FolderJournal, from = 0): Promise<void> {
  for (const [index, each] of entries.entries()) {
    for (const entry of each.slice(from)) {
      await lastValueFrom(journal.record(aPlan({ index, key: keyOf(index) }), entry));
    }
  }
}

/** Returns the money in a journal: by key, as indexes are matched again after a repair. */
function known(at = folder()) {
  const journal = openJournal(at);
  try {
    const matching = journal.matching();
    for (const index of entries.keys()) matching.add({ index, key: keyOf(index) });
    matching.resolve();
    journal.setInput({ fingerprint: null, total: entries.length, content: '' }, matching);
    const jobs = [...entries.keys()].map((index) => {
      const { state, attempts, intendedAtMs, predictionId, costMicroUsd } = journal.find(index) ?? {};
      return { state, attempts, intendedAtMs, predictionId, costMicroUsd };
    });
    const money = [journal.spentMicroUsd(), journal.openMicroUsd()];
    return { jobs, money, ids: [...journal.knownPredictionIds()].toSorted() };
  } finally {
    journal.close();
  }
}

/** Fills the folder of the test as a run does that is killed, or comes to its end. */
async function fill(isKilled: boolean): Promise<ReturnType<typeof known>> {
  const journal = openJournal(folder());
  await recordAll(journal);
  if (!isKilled) {
    journal.close();
    return known();
  }
  const copy = join(folder(), 'killed');
  mkdirSync(copy);
  for (const name of FILES) if (existsSync(file(name))) cpSync(file(name), join(copy, name));
  journal.close();
  const whole = known();
  for (const name of FILES) rmSync(file(name), { force: true });
  cpSync(copy, folder(), { recursive: true });
  rmSync(copy, { recursive: true });
  return whole;
}

function flip(path: string, share: number, bit: number): void {
  const bytes = readFileSync(path);
  const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

describe.each([
  ['a run that was killed', true],
  ['a run that has ended', false],
])('the journal of %s', (_, isKilled) => {
  it('knows the same after any bit of database or log was turned around, or is refused', async () => {
    const whole = await fill(isKilled);
    const names = FILES.filter((name) => !name.endsWith('-shm') && existsSync(file(name)));
    const copies = new Map(names.map((name) => [name, readFileSync(file(name))]));
    let refused = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...names.filter((name) => (copies.get(name)?.length ?? 0) > 0)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(7),
        (name, share, bit) => {
          for (const each of [...FILES, 'run.sqlite.damaged']) rmSync(file(each), { force: true });
          for (const [each, content] of copies) writeFileSync(file(each), content);
          flip(file(name), share, bit);
          try {
            expect(known()).toEqual(whole);
          } catch (error) {
            if (!(error instanceof UsageError)) throw error;
            refused += 1;
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(refused).toBeLessThan(10);
  }, 60_000);

  it.each([
    [
      'without its database',
      () => {
        for (const name of FILES.slice(0, 3)) rmSync(file(name), { force: true });
      },
    ],
    ['without its log', () => rmSync(file('journal.jsonl'))],
    [
      'with half a write-ahead log',
      () => {
        const path = file('run.sqlite-wal');
        if (existsSync(path)) truncateSync(path, readFileSync(path).length >> 1);
      },
    ],
    [
      'with a log that a power cut has shortened',
      () => {
        truncateSync(file('journal.jsonl'), readFileSync(file('journal.jsonl')).length - 30);
      },
    ],
    [
      'with a last line that a power cut has damaged',
      () => {
        const bytes = readFileSync(file('journal.jsonl'));
        writeFileSync(file('journal.jsonl'), bytes.fill(0, bytes.length - 40, bytes.length - 10));
      },
    ],
  ])('knows the same %s', async (__, damage) => {
    const whole = await fill(isKilled);
    damage();
    expect(known()).toEqual(whole);
  });
});

/** Records all entries, then restores the database from before them; returns its former money. */
async function restoreOlder(): Promise<ReturnType<typeof known>> {
  cpSync(file('run.sqlite'), file('older'));
  const journal = openJournal(folder());
  await recordAll(journal);
  journal.close();
  const whole = known();
  cpSync(file('older'), file('run.sqlite'));
  return whole;
}

it('gets the entries back that an older copy of its database lacks', async () => {
  const journal = openJournal(folder());
  await lastValueFrom(journal.record(aPlan({ key: keyOf(0) }), intended()));
  journal.close();
  const whole = await restoreOlder();
  expect(known()).toEqual(whole);
});

it('keeps the jobs that it got back from its log beside new ones', async () => {
  openJournal(folder()).close();
  const whole = await restoreOlder();
  const repaired = openJournal(folder());
  await lastValueFrom(repaired.record(aPlan({ index: 9, key: keyOf(9) }), intended()));
  repaired.close();
  expect(known().jobs).toEqual(whole.jobs);
});

it('keeps the indexes of all jobs if a kill came before their new ones were committed', async () => {
  await fill(false);
  const before = readFileSync(file('run.sqlite'));
  const journal = openJournal(folder());
  const matching = journal.matching();
  // Before its first job, the input has a new one.
  for (const index of entries.keys()) matching.add({ index: index + 1, key: keyOf(index) });
  matching.resolve();
  journal.setInput({ fingerprint: null, total: 5, content: '' }, matching);
  expect(journal.find(1)?.key).toBe(keyOf(0));
  const log = readFileSync(file('journal.jsonl'));
  journal.close();
  for (const name of FILES) rmSync(file(name), { force: true });
  writeFileSync(file('run.sqlite'), before);
  writeFileSync(file('journal.jsonl'), log);
  const next = openJournal(folder());
  expect([...entries.keys()].map((index) => next.find(index)?.key)).toEqual([...entries.keys()].map(keyOf));
  await lastValueFrom(next.record(aPlan({ index: 9, key: keyOf(9) }), intended()));
  next.close();
  // Its entries continue the log.
  rmSync(file('run.sqlite'));
  expect(known().jobs[0]).toMatchObject({ state: 'saved', predictionId: 'p0' });
});

it('gives a saved job of the manifest its index back, and counts its cost once', async () => {
  const whole = await fill(false);
  rmSync(file('run.sqlite'));
  const journal = openJournal(folder());
  const entry = outcome('saved', { index: 0, key: keyOf(0), predictionId: 'p0', costUsd: 0.003 });
  assert(entry.type === 'outcome');
  journal.restore([{ outcome: entry.outcome, files: [] }]);
  expect(journal.isSaved(0)).toBe(true);
  expect([journal.spentMicroUsd(), journal.openMicroUsd()]).toEqual(whole.money);
  journal.close();
  expect(known()).toEqual(whole);
});

it('has no line of an entry in its log before the database has the entry', async () => {
  await fill(true);
  const size = readFileSync(file('journal.jsonl')).length;
  const { exec } = loadSqlite().DatabaseSync.prototype;
  const seen: string[] = [];
  const journal = openJournal(folder());
  const spy = vi.spyOn(loadSqlite().DatabaseSync.prototype, 'exec').mockImplementation(function (
    this: DatabaseSync,
    sql: string,
  ) {
    if (sql === 'COMMIT') seen.push(readFileSync(file('journal.jsonl'), 'utf8').slice(size));
    exec.call(this, sql);
  });
  await lastValueFrom(journal.record(aPlan({ index: 9, key: keyOf(9) }), intended()));
  spy.mockRestore();
  journal.close();
  // Room for it, and nothing that could be torn: without a newline it counts as cut off.
  expect(seen).toEqual([expect.stringMatching(/^ +$/)]);
  expect(readFileSync(file('journal.jsonl'), 'utf8').slice(size)).toMatch(new RegExp(keyOf(9)));
});

it('is refused if neither database nor log is whole', async () => {
  await fill(true);
  flip(file('journal.jsonl'), 0.5, 1);
  for (const name of ['run.sqlite', 'run.sqlite-wal', 'run.sqlite-shm']) rmSync(file(name), { force: true });
  expect(() => openJournal(folder())).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining('no whole record') }),
  );
});

it('keeps a damaged database beside the one that is built from the log', async () => {
  await fill(false);
  flip(file('run.sqlite'), 0, 3);
  const journal = openJournal(folder());
  expect(journal.repairs).toEqual([expect.stringContaining('was built again from journal.jsonl')]);
  journal.close();
  expect(existsSync(file('run.sqlite.damaged'))).toBe(true);
});

/** The tables of earlier versions; version 1 had no column for requests. */
const oldTables = (version: 1 | 2) => `
  CREATE TABLE run (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), fingerprint TEXT) STRICT;
  INSERT INTO run VALUES (1, 'input');
  CREATE TABLE job (
    job_index INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    intended_at_ms INTEGER, prediction_id TEXT, ${version === 1 ? '' : 'request TEXT,'} prediction TEXT,
    files TEXT NOT NULL, cost_micro_usd INTEGER NOT NULL, open_micro_usd INTEGER,
    earlier_micro_usd INTEGER NOT NULL, paid_micro_usd INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX job_summary ON job (state, paid_micro_usd);
  CREATE INDEX job_open ON job (open_micro_usd) WHERE open_micro_usd IS NOT NULL;
  CREATE TABLE prediction (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO job VALUES (0, '${keyOf(0)}', 'saved', 1, 1000, 'p0', ${version === 1 ? '' : 'NULL,'} NULL, '[]', 0, NULL, 500, 3500);
  INSERT INTO job VALUES (1, '${keyOf(1)}', 'created', 1, 1000, 'p1', ${version === 1 ? '' : 'NULL,'} NULL, '[]', 0, 3000, 0, 0);
  INSERT INTO prediction VALUES ('p0'), ('p1');
  PRAGMA application_id = ${0x72787073};
  PRAGMA user_version = ${version};
`;

it.each([1, 2] as const)('reads the journal of version %i, and all that was paid in it', (version) => {
  const database = new (loadSqlite().DatabaseSync)(file('run.sqlite'));
  database.exec(oldTables(version));
  database.close();
  const journal = openJournal(folder(), { fixedInput: 'input' });
  expect(journal.find(0)).toMatchObject({ state: 'saved', predictionId: 'p0' });
  expect(journal.find(1)).toMatchObject({ state: 'created', predictionId: 'p1', intendedAtMs: 1_000 });
  expect([journal.spentMicroUsd(), journal.openMicroUsd()]).toEqual([3_500, 3_000]);
  expect([...journal.openIndexes()]).toEqual([1]);
  journal.close();
  expect(known().jobs.slice(0, 2)).toMatchObject([{ state: 'saved' }, { state: 'created' }]);
});
