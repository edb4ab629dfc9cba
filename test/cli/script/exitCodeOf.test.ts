import { expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/script/exit.ts';
import { InvalidRowsError, ProviderError, StorageError, UsageError } from '../../../src/errors.ts';

const base = {
  total: 5,
  saved: 3,
  failed: 0,
  skipped: 0,
  alreadySaved: 2,
  costUsd: 0,
  costIncomplete: false,
};
const complete = { totals: base, fault: null, isInterrupted: false };
const partial = { ...complete, totals: { ...base, saved: 2, failed: 1 } };

it.each([
  ['all saved', complete, 0],
  ['all saved, Ctrl-C in the last moment', { ...complete, isInterrupted: true }, 0],
  ['all saved, Ctrl-C before more was begun', { ...complete, isInterrupted: true, isUnfinished: true }, 130],
  ['nothing to do', { ...complete, totals: { ...base, total: 0, saved: 0, alreadySaved: 0 } }, 0],
  ['some failed', partial, 1],
  ['some skipped', { ...complete, totals: { ...base, saved: 1, skipped: 2 } }, 1],
  ['the disk refused', { ...partial, fault: new StorageError('ERR_DISK', 'full') }, 1],
  ['the disk refused at the very end', { ...complete, fault: new StorageError('ERR_DISK', 'full') }, 1],
  ['usage', { ...partial, fault: new UsageError('wrong') }, 2],
  ['wrong rows', { ...partial, fault: new InvalidRowsError('p.csv', [], 1) }, 2],
  ['no credit', { ...partial, fault: new ProviderError('ERR_CREDIT', 'none', { stopsRun: true }) }, 3],
  [
    'no connection',
    { ...partial, fault: new ProviderError('ERR_NO_CONNECTION', 'no', { recoverable: true }) },
    3,
  ],
  [
    'a passing fault of the service',
    { ...partial, fault: new ProviderError('ERR_SERVICE', 'down', { status: 503, recoverable: true }) },
    3,
  ],
  ['a lasting fault of the service', { ...partial, fault: new ProviderError('ERR_5XX', 'down') }, 1],
  ['interrupted', { ...partial, isInterrupted: true }, 130],
])('%s', (_name, end, code) => {
  expect(exitCodeOf(end)).toBe(code);
});
