import { expect, it } from 'vitest';
import { runSettings } from '../../../src/cli/batch/runSettings.ts';
import { emptyFlags, withDefaults } from '../../../src/cli/flags/flags.ts';
import { runDefaults } from '../../../src/pipelines/run/settings.ts';

it('asks for the defaults of a run if no flag is given', () => {
  expect(runSettings(withDefaults(emptyFlags))).toStrictEqual({
    ...runDefaults,
    concurrency: 10,
    continueOnError: true,
    gallery: true,
    sidecars: true,
    keepOriginals: false,
    repay: false,
    detach: false,
    destinations: [],
    deleteLocal: false,
    tables: [],
  });
});

it('bounds refusals and outages by one flag', () => {
  const flags = { ...emptyFlags, maxWaitMs: 30_000 };
  expect(runSettings(withDefaults(flags))).toMatchObject({ maxWaitMs: 30_000, maxOutageMs: 30_000 });
});

it('passes on the flags', () => {
  const flags = {
    ...emptyFlags,
    ...({ strategy: 'waves', waveSize: 20, wavePauseMs: 0, onTimeout: 'leave' } as const),
    ...({ breakerFailures: 0, follow: 'poll', cache: 'kept', failFast: true } as const),
  };
  expect(runSettings(withDefaults(flags))).toMatchObject({
    strategy: 'waves',
    waveSize: 20,
    wavePauseMs: 0,
    timeoutAction: 'leave',
    breakerFailures: 0,
    waitMs: 0,
    cacheFolder: 'kept',
    continueOnError: false,
  });
});

it.each([
  [{ waveSize: 5 }, '`--wave-size` works only with `--strategy waves`'],
  [{ wavePauseMs: 5 }, '`--wave-pause` works only with `--strategy waves`'],
  [{ cacheUnseeded: true }, '`--cache-unseeded` works only with `--cache`'],
])('refuses flags that would do nothing: %o', (flags, message) => {
  expect(() => runSettings(withDefaults({ ...emptyFlags, ...flags }))).toThrow(message);
});
