import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { loadSqlite, openDatabase } from '../../../src/store/journal/database.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('loadSqlite', () => {
  it('loads a database', () => {
    const database = new (loadSqlite().DatabaseSync)(':memory:');
    expect(database.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 });
    database.close();
  });

  it('keeps back the one warning, and no other', () => {
    const shown = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const { emitWarning, getBuiltinModule } = process;
    // Not every version of Node warns: this one does so in a function that loading calls.
    vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
      process.emitWarning('SQLite is an experimental feature and might change', 'ExperimentalWarning');
      process.emitWarning('something else', 'Warning');
      return Reflect.apply(getBuiltinModule, process, [name]);
    });
    loadSqlite();
    expect(shown.mock.calls).toEqual([['something else', 'Warning']]);
    expect(process.emitWarning).toBe(emitWarning);
  });
});

it('names the version of a Node that has no SQLite', () => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
  expect(() => openDatabase('unused.sqlite', () => {})).toThrow(
    new UsageError(`Expected Node 22.13 or later, got ${process.versions.node}.`, {
      suggestion: 'Install a newer one from https://nodejs.org.',
    }),
  );
});
