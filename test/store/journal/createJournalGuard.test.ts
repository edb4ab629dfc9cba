import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunJournal } from '../../../src/store/entries.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import { aPlan, created, intended } from '../../helpers/aPlan.ts';

let root = '';
let folder = '';
let journal: RunJournal;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-'));
  folder = join(root, 'out');
  journal = openJournal(folder);
  await record(0);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const record = (index: number) =>
  lastValueFrom(journal.record(aPlan({ index }), index % 2 === 0 ? intended() : created(`p${index}`)));
const sqlite = (suffix = '') => join(folder, `run.sqlite${suffix}`);

/** Returns the error that the run gets when it continues to write. */
async function fault(): Promise<unknown> {
  const error = await record(1).catch((reason: unknown) => reason);
  await expect(record(2)).rejects.toMatchObject({ name: 'StorageError' });
  expect(() => journal.close()).toThrow();
  return error;
}

describe('a journal that is changed while a run writes to it', () => {
  it.each([
    ['deleted', ['journal.jsonl', 'run.sqlite'], () => rm(sqlite())],
    [
      'deleted with its write-ahead log',
      ['journal.jsonl', 'run.sqlite'],
      () => rm(sqlite()).then(() => rm(sqlite('-wal'))),
    ],
    ['bereft of its write-ahead log', ['journal.jsonl', 'run.sqlite'], () => rm(sqlite('-wal'))],
    ['deleted with its folder', ['run.sqlite'], () => rm(folder, { recursive: true })],
  ])('is written back if it was %s, and confirms nothing any more', async (_, names, remove) => {
    await remove();
    expect(await fault()).toMatchObject({
      name: 'StorageError',
      code: 'ERR_FOLDER_CHANGED',
      suggestion: expect.stringContaining('written back'),
    });
    expect(await readdir(folder)).toEqual(names);
    const next = openJournal(folder);
    expect(next.find(0)).toMatchObject({ state: 'intended' });
    expect(next.find(1)).toBeUndefined();
    next.close();
  });

  it("is written beside its folder if a file has taken the folder's name", async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    expect(await fault()).toMatchObject({ suggestion: expect.stringContaining(`${folder}.run.sqlite`) });
    await rm(folder);
    await rename(`${folder}.run.sqlite`, join(root, 'run.sqlite'));
    const next = openJournal(root);
    expect(next.find(0)).toMatchObject({ state: 'intended' });
    next.close();
  });

  it('is not written back if it was moved: it is whole there', async () => {
    await rename(folder, join(root, 'moved'));
    expect(await fault()).toMatchObject({ message: expect.stringContaining('moved away') });
    expect(existsSync(folder)).toBe(false);
    await rename(join(root, 'moved'), folder);
    const next = openJournal(folder);
    expect(next.find(0)).toMatchObject({ state: 'intended' });
    next.close();
  });

  it.each(['', '-wal'])('is no longer written to once it was cut: run.sqlite%s', async (suffix) => {
    await truncate(sqlite(suffix), 0);
    expect(await fault()).toMatchObject({ message: expect.stringContaining('cut short') });
  });

  it('reports this at the latest when it is closed', async () => {
    await rm(folder, { recursive: true });
    expect(() => journal.close()).toThrow(expect.objectContaining({ code: 'ERR_FOLDER_CHANGED' }));
    expect(await readdir(folder)).toEqual(['run.sqlite']);
  });
});
