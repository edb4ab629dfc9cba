import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { type ClockScheduler, monotonicScheduler } from '../../../src/base/monotonicScheduler.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { JournalEntry, Plan } from '../../../src/types.ts';
import { movableClock } from '../../helpers/movableClock.ts';
import { aPlan, runOf } from '../../helpers/runOf.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const plans = () =>
  Array.from({ length: 12 }, (_, index) =>
    aPlan(index, { model: SCHNELL, input: { prompt: `a pear ${index}`, seed: index } }),
  );

it.each([
  ['back', -300_000],
  ['forward', 300_000],
])('neither stalls nor gives up if the clock is set %s', async (_name, byMs) => {
  const clock = movableClock();
  const simulator = await simulated();
  let setTimes = 0;
  const { totals, elapsedMs, startedAtMs } = await lastValueFrom(
    runToFolder(plans, {
      folder: folder(),
      provider: createReplicateProvider(simulator),
      ratePerMinute: 100_000,
      concurrency: 3,
      timeoutMs: 60_000,
      gallery: false,
      emit: ({ type }) => {
        if (type !== 'prediction.created' || setTimes === 3) return;
        setTimes += 1;
        clock.set(byMs);
      },
    }),
  );
  expect(totals).toMatchObject({ saved: 12, failed: 0 });
  expect([simulator.stats().created, setTimes]).toEqual([12, 3]);
  expect(elapsedMs).toBeGreaterThanOrEqual(0);
  expect(elapsedMs).toBeLessThan(60_000);
  // Reports name the time of day at which the run began.
  expect(Math.abs(startedAtMs - (Date.now() - 3 * byMs))).toBeLessThan(60_000);
});

it('stores the time of day, and compares it with the time that another process has stored', async () => {
  const localMs = Date.UTC(2026, 0, 2);
  const aClock = (aheadMs: number): ClockScheduler => ({
    ...monotonicScheduler,
    wallNow: () => localMs + aheadMs,
  });
  const journal = createMemoryJournal();
  const entries: JournalEntry[] = [];
  const record = (plan: Plan, entry: JournalEntry) => {
    entries.push(entry);
    return journal.record(plan, entry);
  };
  const first = runOf({ scheduler: aClock(0), journal: { ...journal, record } });
  await lastValueFrom(generate(() => [aPlan(0)], first.config));
  expect(entries[0]).toMatchObject({ type: 'intended', atMs: localMs });

  await lastValueFrom(journal.record(aPlan(1), { type: 'intended', attempt: 1, atMs: localMs }));
  const anHourLater = runOf({ scheduler: aClock(61 * 60_000), journal });
  const outcome = await lastValueFrom(generate(() => [aPlan(1)], anHourLater.config));
  expect(outcome.error?.code).toBe('ERR_UNCERTAIN');
});
