import { join } from 'node:path';
import { expect, it } from 'vitest';
import { images } from '../../../src/index.ts';
import { createFunctionProvider } from '../../../src/providers/own/functionProvider.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';

it('plans, and keeps a budget, by the prices of your own provider', async () => {
  const provider = createFunctionProvider({
    service: 'studio',
    make: async () => Buffer.from(svg),
    priceUsd: 0.01,
  });
  const options = { model: 'studio/ink', provider, gallery: false };
  const start = (others: object) => images(['a', 'b'], { ...options, to: join(folder(), 'run'), ...others });
  expect(await start({}).plan()).toMatchObject({ jobs: 2, costUsd: 0.02, unpricedJobs: 0 });
  const { totals, report } = await start({ budgetUsd: 0.01 });
  expect(totals).toMatchObject({ saved: 1, costUsd: 0.01 });
  expect(report.errors).toEqual([{ code: 'ERR_OVER_BUDGET', count: 1 }]);
  // Given prices override those of the provider.
  expect(await start({ priceUsd: 0.03 }).plan()).toMatchObject({ jobs: 1, costUsd: 0.03 });
});

it('prices a known model by the provider that makes it, even if that is free', async () => {
  const provider = createFunctionProvider({ service: 'studio', make: async () => Buffer.from(svg) });
  const run = images(['a'], {
    ...{ model: 'black-forest-labs/flux-schnell', provider, gallery: false },
    to: join(folder(), 'run'),
  });
  expect(await run.plan()).toMatchObject({ costUsd: 0, unpricedJobs: 0 });
});
