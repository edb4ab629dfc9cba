import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { campaign, images, type Outcome, type ScoreOption } from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../src/simulator/index.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const JUDGE = 'yorickvp/llava-13b';
const folder = temporaryFolder();

async function service(config: SimulatorConfig = {}) {
  const simulator = await simulated({ speed: 500, ...config });
  const provider = createReplicateProvider({ ...simulator, service: 'simulator' });
  const options = { model: SCHNELL, to: join(folder(), 'run'), provider, gallery: false };
  return { simulator, provider, options };
}

async function outcomesIn(to: string): Promise<Outcome[]> {
  return JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')).outcomes;
}

const animals = ['a red fox', 'an owl', 'a heron'];

it.each<[string, ScoreOption]>([
  ['a number', ({ index }) => index],
  ['a promise', async ({ index }) => index],
  ['an Observable', ({ index }) => of(index)],
])('stores the result of a function as %s, in outcome, sidecar and manifest', async (_, score) => {
  const { options } = await service();
  const scores: unknown[] = [];
  for await (const { index, metrics } of images(animals, { ...options, score }))
    scores[index] = metrics.score;
  expect(scores).toEqual([0, 1, 2]);
  const outcomes = await outcomesIn(options.to);
  expect(outcomes.map(({ metrics }) => metrics.score)).toEqual([0, 1, 2]);
  expect(outcomes.map(({ metrics }) => metrics.scoreCostUsd)).toEqual([undefined, undefined, undefined]);
  const path = outcomes[1]?.files[0]?.path.replace(/\.\w+$/, '.json') ?? '';
  expect(JSON.parse(await readFile(join(options.to, path), 'utf8')).metrics.score).toBe(1);
});

it.each<[string, ScoreOption]>([
  ['a measure', 'sharpness'],
  ['measures with weights', { contrast: 2, palette: { colours: ['#f60'] } }],
])('rates by %s', async (_, score) => {
  const { options } = await service();
  await campaign(
    { theme: 'a fox', platforms: ['twitter_post'], variations: ['calm'] },
    { ...options, score },
  );
  const [outcome] = await outcomesIn(options.to);
  expect(outcome?.metrics.score).toBeGreaterThanOrEqual(0);
  expect(outcome?.metrics.score).toBeLessThanOrEqual(1);
});

it.each<[string, unknown, RegExp]>([
  ['a mistyped measure', 'sharpnes', /score: .*did you mean sharpness/],
  ['measures and a model', { contrast: 1, model: JUDGE }, /cannot be used together/],
  ['a number', 7, /score: Expected/],
  ['a model that takes no image', SCHNELL, /no known input for an image/],
  ['a model that is not there', 'owner/nobody', /There is no model owner\/nobody/],
])('refuses %s, and pays nothing', async (_, score, message) => {
  const { simulator, options } = await service();
  await expect(images(animals, { ...options, score: score as ScoreOption })).rejects.toThrow(message);
  expect(simulator.stats().created).toBe(0);
});

it('refuses a judge without a price under a budget', async () => {
  const { simulator, options } = await service();
  const run = images(animals, { ...options, score: { model: JUDGE }, budgetUsd: 1 });
  await expect(run).rejects.toThrow(`A budget needs a known price, and there is none for ${JUDGE}.`);
  expect(simulator.stats().created).toBe(0);
});

describe('a model that rates', () => {
  const judge = { model: JUDGE, priceUsd: 0.002 };

  it('is paid once an image, from the budget, and its cost is part of the image', async () => {
    const { simulator, options } = await service();
    const scored = { ...options, score: judge, budgetUsd: 1, concurrency: 2 };
    const { totals, report } = await images(animals, scored);
    expect(totals).toMatchObject({ saved: 3, costUsd: 0.015 });
    expect(report.costUsd).toBe(0.015);
    expect(simulator.stats()).toMatchObject({ created: 6, images: 3 });
    expect(simulator.stats().maxInFlight).toBeLessThanOrEqual(2);
    for (const { metrics, costUsd } of await outcomesIn(options.to)) {
      expect(metrics).toMatchObject({ score: expect.any(Number), scoreCostUsd: 0.002 });
      expect(costUsd).toBe(0.005);
    }
    expect((await images(animals, scored)).totals).toMatchObject({ alreadySaved: 3, costUsd: 0 });
    expect(simulator.stats().created).toBe(6);
    // Journal and ratings have spent 0.015: there is room for one image and its rating.
    const more = await images([...animals, 'a crow', 'a jay'], { ...scored, budgetUsd: 0.0205 });
    expect(more.totals).toMatchObject({ saved: 1, skipped: 1 });
  });

  it('takes prices by model', async () => {
    const { options } = await service();
    const pricesUsd = { [JUDGE]: 0.01 };
    const { totals } = await images(['a fox'], { ...options, score: JUDGE, budgetUsd: 1, pricesUsd });
    expect(totals.costUsd).toBe(0.013);
  });

  it('leaves images without a score when the budget ends, and rates them later', async () => {
    const { simulator, options } = await service();
    const scored = { ...options, score: judge, concurrency: 1 };
    const warnings: string[] = [];
    const run = images(['a fox'], { ...scored, budgetUsd: 0.004 });
    run.events.subscribe((event) => {
      if (event.type === 'warning') warnings.push(event.message);
    });
    expect((await run).totals).toMatchObject({ saved: 1, costUsd: 0.003 });
    expect(warnings).toContainEqual(expect.stringContaining('Image #1 could not be rated'));
    expect((await outcomesIn(options.to))[0]?.metrics.score).toBeUndefined();
    expect((await images(['a fox'], { ...scored, budgetUsd: 1 })).totals.alreadySaved).toBe(1);
    expect((await outcomesIn(options.to))[0]?.metrics.score).toEqual(expect.any(Number));
    expect(simulator.stats().created).toBe(2);
  });

  it('stops the run if the service refuses it for all, and keeps the image', async () => {
    const { simulator, options } = await service({ creditUsd: 0.004 });
    const error: unknown = await images(animals, { ...options, score: judge, concurrency: 1 }).catch(
      (e) => e,
    );
    expect(error).toMatchObject({ status: 402 });
    expect(error).toHaveProperty('totals.saved', simulator.stats().images);
  });
});

it('rates the images of earlier runs once, and goes on if one cannot be rated', async () => {
  const { simulator, options } = await service();
  await images(animals, options);
  const rated: number[] = [];
  const score: ScoreOption = ({ index }) => {
    rated.push(index);
    if (index === 1) throw new Error('no eyes');
    return index;
  };
  await images([...animals, 'a crow'], { ...options, score });
  expect(rated.toSorted()).toEqual([0, 1, 2, 3]);
  expect((await outcomesIn(options.to)).map(({ metrics }) => metrics.score)).toEqual([0, undefined, 2, 3]);
  await images([...animals, 'a crow'], { ...options, score: ({ index }) => index });
  expect((await outcomesIn(options.to)).map(({ metrics }) => metrics.score)).toEqual([0, 1, 2, 3]);
  expect(simulator.stats().created).toBe(4);
});
