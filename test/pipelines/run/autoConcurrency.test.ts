import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { runSettings } from '../../../src/cli/batch/runSettings.ts';
import { emptyFlags, withDefaults } from '../../../src/cli/flags/flags.ts';
import { UsageError } from '../../../src/errors.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const model = 'black-forest-labs/flux-schnell';
const plans = () =>
  Array.from({ length: 150 }, (_, index) =>
    aPlan(index, { model, input: { prompt: `a pear ${index}`, seed: index } }),
  );

it('begins with a few at a time, takes more while the service gets faster by it, and reports it', async () => {
  const simulator = await simulated({ render: 'fast', speed: 20, coldStarts: false, medianMs: 1_000 });
  const slots: number[] = [];
  const { totals } = await lastValueFrom(
    runToFolder(plans, {
      folder: folder(),
      provider: createReplicateProvider(simulator),
      ratePerMinute: 1_000_000,
      concurrency: 'auto',
      gallery: false,
      emit: (event) => {
        if (event.type === 'run.started') slots.push(event.concurrency);
        if (event.type === 'concurrency.changed') slots.push(event.concurrency);
      },
    }),
  );
  expect(totals.saved).toBe(150);
  expect(slots.slice(0, 2)).toEqual([4, 6]);
  expect(simulator.stats().created).toBe(150);
});

it('is for streams only', () => {
  const flags = withDefaults({ ...emptyFlags, concurrency: 'auto', strategy: 'waves' });
  expect(() => runSettings(flags)).toThrow(UsageError);
});
