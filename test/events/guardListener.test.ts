import { expect, it } from 'vitest';
import { guardListener } from '../../src/events/observeRun.ts';
import { warnings } from '../helpers/warnings.ts';

const warned = warnings();

it('warns once of an error of a listener, and keeps calling it', () => {
  const calls: number[] = [];
  const listener = guardListener((value: number) => {
    calls.push(value);
    throw new Error(`no ${value}`);
  });
  for (const value of [1, 2, 3]) listener(value);
  expect(calls).toEqual([1, 2, 3]);
  expect(warned()).toEqual([
    'A listener of a run failed; the run continues, and further failures of this listener are not reported: no 1',
  ]);
});

it('warns once of rejected promises of a listener, and awaits none', async () => {
  const listener = guardListener(async (value: number) => {
    if (value === 2) await new Promise(() => {});
    throw `no ${value}`;
  });
  for (const value of [2, 3, 4]) expect(listener(value)).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(warned()).toEqual([expect.stringContaining('no 3')]);
});
