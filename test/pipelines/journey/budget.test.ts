import { lastValueFrom } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import type { EventOf } from '../../../src/events/observeRun.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/index.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';
import { warnings } from '../../helpers/warnings.ts';

const folder = temporaryFolder();
const listenerFailures = warnings();
let simulator: Simulator;
afterEach(() => simulator.close());

const model = 'black-forest-labs/flux-dev';
const plans = () =>
  Array.from({ length: 50 }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index }, priceMicroUsd: 25_000 }),
  );

it('makes as many images as the budget pays for, though a third fails once, and no more in a second run', async () => {
  const failed = new Set<unknown>();
  simulator = await startSimulator({
    render: 'fast',
    speed: 50,
    coldStarts: false,
    faults: {
      onOutcome: ({ input: { seed } }) => {
        if (Number(seed) % 10 >= 3 || failed.has(seed)) return null;
        failed.add(seed);
        return 'Prediction interrupted; please retry (code: PA)';
      },
    },
  });
  const warned: EventOf<'budget.warning'>[] = [];
  const emit = (event: RunEvent) => {
    if (event.type === 'budget.warning') warned.push(event);
    // No listener can spoil a run.
    throw new Error('oops');
  };
  const run = () =>
    lastValueFrom(
      runToFolder(plans, {
        folder: folder(),
        emit,
        provider: createReplicateProvider(simulator),
        concurrency: 20,
        ratePerMinute: 1_000_000,
        budgetMicroUsd: 500_000,
        random: () => 0.01,
      }),
    );
  const { totals, report } = await run();
  expect(totals).toMatchObject({ saved: 20, failed: 0, skipped: 30 });
  expect(report.errors).toEqual([{ code: 'ERR_OVER_BUDGET', count: 30 }]);
  // Once, with the reservation that reaches four fifths.
  expect(warned).toHaveLength(1);
  expect(warned[0]).toMatchObject({ limitMicroUsd: 500_000 });
  expect((warned[0]?.reservedMicroUsd ?? 0) + (warned[0]?.spentMicroUsd ?? 0)).toBe(400_000);
  expect(failed.size).toBeGreaterThan(0);
  expect(simulator.stats()).toMatchObject({ succeeded: 20, billedMicroUsd: 500_000 });
  expect((await run()).totals).toMatchObject({ saved: 0, alreadySaved: 20, skipped: 30 });
  expect(simulator.stats().succeeded).toBe(20);
  expect(listenerFailures()).toHaveLength(2); // One of each run.
});
