import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { images } from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { readSpending } from '../../../src/store/spending/spendingDatabase.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

/** Options of runs at a service that is paid, over one database. */
async function paid() {
  const simulator = await simulated();
  const provider = createReplicateProvider({ ...simulator, service: 'replicate' });
  const spendingFile = join(folder(), 'spending.sqlite');
  const options = { model: SCHNELL, provider, gallery: false, spendingFile };
  // Every month.
  const sums = () => readSpending(spendingFile, (database) => database.sumOf('2'));
  return { simulator, options, sums };
}

it('keeps the limit of a month over runs at once, and counts runs without one', async () => {
  const { simulator, options, sums } = await paid();
  await images(['a fox'], { ...options, to: join(folder(), 'first') });
  expect(sums()).toMatchObject({ spentMicroUsd: 3_000, heldMicroUsd: 0 });
  const limited = { ...options, budgetPerMonthUsd: 0.012 };
  const ends = await Promise.all(
    ['one', 'other'].map((name) => images(['a hare', 'an owl'], { ...limited, to: join(folder(), name) })),
  );
  const saved = ends.reduce((sum, { totals }) => sum + totals.saved, 0);
  const skipped = ends.reduce((sum, { totals }) => sum + totals.skipped, 0);
  expect([saved, skipped]).toEqual([3, 1]);
  expect(ends.flatMap(({ report }) => report.errors)).toEqual([
    { code: 'ERR_OVER_SPENDING_LIMIT', count: 1 },
  ]);
  expect(ends.map(({ totals }) => totals.budgetNeededUsd)).toEqual([undefined, undefined]);
  expect(sums()).toMatchObject({ spentMicroUsd: 12_000, heldMicroUsd: 0 });
  expect(simulator.stats().billedMicroUsd).toBe(12_000);
});

it('begins nothing if the limit cannot be kept, and only warns if there is none', async () => {
  const { simulator, options } = await paid();
  await writeFile(options.spendingFile, 'no database, but a text of some length that is none');
  const run = images(['a fox'], { ...options, to: join(folder(), 'first'), budgetPerDayUsd: 1 });
  await expect(run).rejects.toThrow('Cannot count the spending of this machine');
  expect(simulator.stats().created).toBe(0);
  const warnings: string[] = [];
  const uncounted = images(['a fox'], { ...options, to: join(folder(), 'other') });
  uncounted.events.subscribe((event) => {
    if (event.type === 'warning') warnings.push(event.message);
  });
  expect((await uncounted).totals.saved).toBe(1);
  expect(warnings).toEqual([expect.stringContaining('Cannot count the spending of this machine')]);
});

it('refuses amounts that are none', async () => {
  const { options } = await paid();
  const wrong = images(['a fox'], { ...options, to: join(folder(), 'first'), budgetPerDayUsd: -1 });
  await expect(wrong).rejects.toThrow('Expected `budgetPerDayUsd` to be dollars of 0 or more, got -1');
});
