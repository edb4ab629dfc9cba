import { expect, it } from 'vitest';
import { planRun } from '../../../src/pipelines/front/runPlan.ts';
import type { ScoringModel } from '../../../src/types.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const scorer = (priceMicroUsd: number | null): ScoringModel => ({
  ...{ model: 'o/judge', input: {}, priceMicroUsd },
  picture: { name: 'image', valueOf: (picture) => picture },
});
const plans = [
  aPlan(0, { model: 'o/a', priceMicroUsd: 3_000 }),
  aPlan(1, { model: 'o/b', priceMicroUsd: null }),
  aPlan(2, { model: 'o/a', priceMicroUsd: 3_000 }),
];
const config = { uploads: null, warnings: [] };

it('adds up known prices, and counts the other jobs', async () => {
  expect(await planRun(() => plans, { ...config, folder: folder() })).toMatchObject({
    ...{ total: 3, alreadySaved: 0, jobs: 3, costUsd: 0.006, unpricedJobs: 1 },
    jobsByModel: { 'o/a': 2, 'o/b': 1 },
  });
});

it('adds the ratings of a model, and leaves out jobs that are not chosen', async () => {
  const rated = { ...config, folder: folder(), scorer: scorer(1_000), only: (index: number) => index !== 1 };
  expect(await planRun(() => plans, rated)).toMatchObject({ jobs: 2, costUsd: 0.008, unpricedJobs: 0 });
  const unknown = { ...rated, scorer: scorer(null) };
  expect(await planRun(() => plans, unknown)).toMatchObject({ costUsd: 0.006, unpricedJobs: 2 });
});
