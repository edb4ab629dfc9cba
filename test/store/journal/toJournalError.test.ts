import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { toJournalError } from '../../../src/store/journal/database.ts';

describe('toJournalError', () => {
  it.each([
    ['SQLITE_BUSY', 5, 'ERR_USAGE'],
    ['SQLITE_NOTADB', 26, 'ERR_USAGE'],
    ['SQLITE_CORRUPT_INDEX', 11 | (3 << 8), 'ERR_USAGE'],
    ['SQLITE_FULL', 13, 'ERR_DISK_FULL'],
    ['SQLITE_READONLY_DIRECTORY', 8 | (6 << 8), 'ERR_NOT_WRITABLE'],
    ['SQLITE_CANTOPEN', 14, 'ERR_NOT_WRITABLE'],
    ['SQLITE_IOERR_WRITE', 10 | (3 << 8), 'ERR_DISK'],
  ])('knows %s', (name, errcode, code) => {
    const fault = Object.assign(new Error(name), { code: 'ERR_SQLITE_ERROR', errcode });
    const error = toJournalError(fault, '/out/run.sqlite');
    expect(error).toMatchObject({ code, cause: fault });
    expect(error.message).toContain('/out/run.sqlite');
    expect(error.suggestion).toContain('--out');
  });

  it('passes on errors that have a cause already', () => {
    const error = new UsageError('another input');
    expect(toJournalError(error, '/out/run.sqlite')).toBe(error);
  });
});
