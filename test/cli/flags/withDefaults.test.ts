import { expect, it } from 'vitest';
import { emptyFlags, withDefaults } from '../../../src/cli/flags/flags.ts';

it('takes the flag, else the value of the spec, else the default', () => {
  const settled = withDefaults(
    { ...emptyFlags, count: 4, out: 'x' },
    { count: 2, seed: 9, concurrency: null },
  );
  expect(settled).toMatchObject({ out: 'x', count: 4, seed: 9, concurrency: 10, timeoutMs: 600_000 });
});

it('takes the concurrency of the strategy if none is given', () => {
  const concurrencyOf = (flags: Partial<typeof emptyFlags>) =>
    withDefaults({ ...emptyFlags, ...flags }).concurrency;
  expect(concurrencyOf({ strategy: 'parallel' })).toBe(100);
  expect(concurrencyOf({ strategy: 'parallel', concurrency: 7 })).toBe(7);
  expect(concurrencyOf({ strategy: 'sequential', concurrency: 7 })).toBe(1);
});

it('returns which limits of an account were given, and are not defaults', () => {
  const given = (...from: Parameters<typeof withDefaults>) => withDefaults(...from).isGiven;
  expect(given(emptyFlags)).toEqual({ rate: false, concurrency: false });
  expect(given({ ...emptyFlags, ratePerMinute: 600 })).toEqual({ rate: true, concurrency: false });
  expect(given(emptyFlags, { concurrency: 10 })).toEqual({ rate: false, concurrency: true });
  const config = { path: 'rxposure.json', values: { ratePerMinute: 60 } };
  expect(given({ ...emptyFlags, config })).toEqual({ rate: true, concurrency: false });
});

it('keeps a zero', () => {
  expect(withDefaults({ ...emptyFlags, seed: 0 })).toMatchObject({ seed: 0 });
});

it('fills every default', () => {
  expect(withDefaults(emptyFlags)).toMatchObject({
    count: 1,
    seed: 'auto',
    concurrency: 10,
    strategy: 'stream',
    follow: 'wait',
    ratePerMinute: 600,
    maxAttempts: 3,
    timeoutMs: 600_000,
    organize: 'flat',
  });
});
