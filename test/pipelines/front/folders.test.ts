import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  collect,
  images,
  type Outcome,
  type RefinementFields,
  refineImages,
  retryFailed,
} from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../src/simulator/index.ts';
import { readRefinementSpec } from '../../../src/sources/index.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function service(config: SimulatorConfig = {}) {
  const simulator = await simulated({ speed: 500, ...config });
  const provider = createReplicateProvider({ ...simulator, service: 'simulator' });
  return { simulator, to: join(folder(), 'run'), options: { provider, gallery: false } };
}

async function outcomesIn(to: string): Promise<Outcome[]> {
  return JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')).outcomes;
}

const animals = ['a red fox', 'an owl', 'a heron'];

describe('refineImages', () => {
  const spec: RefinementFields = {
    ...{ prompt: 'a harbour', candidates: 3, keep: 1, children: 2, rounds: 1, promptStrength: 0.5 },
  };

  it('refines the best by the scorer of its options, and writes the history before it ends', async () => {
    const { simulator, to, options } = await service();
    const config = { ...options, to, score: ({ index }: { index: number }) => index, budgetUsd: 1 };
    const rounds: (readonly number[])[] = [];
    const { totals } = await refineImages(spec, {
      ...config,
      onRoundComplete: ({ kept }) => void rounds.push(kept),
    });
    expect(rounds).toEqual([[2], [4]]);
    expect(totals).toMatchObject({ total: 5, saved: 5 });
    const outcomes = await outcomesIn(to);
    expect(outcomes.map(({ tags }) => tags.parent ?? null)).toEqual([null, null, null, '3', '3']);
    expect(outcomes.map(({ metrics }) => metrics.score)).toEqual([0, 1, 2, 3, 4]);
    expect(JSON.parse(await readFile(join(to, 'refinement.json'), 'utf8')).end).toBe('rounds');
    expect((await refineImages(spec, config)).totals).toMatchObject({ saved: 0, alreadySaved: 5 });
    expect(simulator.stats().created).toBe(5);
    await expect(refineImages({ ...spec, prompt: 'a port' }, config)).rejects.toThrow(/resume|another/i);
  });

  it('rates by its spec', async () => {
    const { to, options } = await service();
    const { totals } = await refineImages({ ...spec, score: 'contrast', candidates: 1 }, { ...options, to });
    expect(totals.saved).toBe(3);
  });

  it.each<[string, object, object, RegExp]>([
    ['no scorer', {}, {}, /score: Expected/],
    ['an option that it does not have', { score: 'contrast' }, { limit: 1 }, /no option `limit`/],
    [
      'too many to keep',
      { keep: 9 },
      { score: 'contrast' },
      /keep: Expected at most the number of candidates/,
    ],
  ])('refuses %s, and pays nothing', async (_, fields, more, message) => {
    const { simulator, to, options } = await service();
    await expect(refineImages({ ...spec, ...fields }, { ...options, to, ...more })).rejects.toThrow(message);
    expect(simulator.stats().created).toBe(0);
  });

  it('has the keys of its type', async () => {
    const all: Required<RefinementFields> = {
      ...spec,
      ...{ candidates: 4, keep: 2, children: 1, rounds: 1, best: 1 },
      ...{ name: 'n', model: SCHNELL, input: { seed: 1 }, renditions: ['thumb=8x8'], organize: '{index}' },
      ...{ seed: 2, budget: 1, price: 0.1, promptStrength: [0.5], stopAtScore: 1, refineModel: SCHNELL },
      ...{ refinePrompt: '{prompt}, crisp', refineInput: {} },
      score: { sharpness: 1, palette: { colours: ['#f60'] } },
    };
    expect(await readRefinementSpec(all)).toMatchObject({ strengths: [0.5], budgetUsd: 1 });
  });
});

describe('collect', () => {
  it('collects the predictions of a detached run', async () => {
    const { simulator, to, options } = await service();
    const left = await images(animals, { ...options, model: SCHNELL, to, detach: true });
    expect(left.totals).toMatchObject({ saved: 0, skipped: 3 });
    const prompts: string[] = [];
    const run = collect(to, options);
    for await (const { prompt } of run) prompts.push(prompt);
    expect(prompts.toSorted()).toEqual(animals.toSorted());
    expect((await run).totals).toMatchObject({ total: 3, saved: 3 });
    expect(simulator.stats().created).toBe(3);
  });

  it.each<[string, string, object, RegExp]>([
    ['a folder with nothing to collect', 'none', {}, /no detached predictions to collect/],
    ['no folder', '', {}, /path of a run folder/],
    ['an option that it does not have', 'none', { count: 2 }, /no option `count`/],
  ])('refuses %s', async (_, name, more, message) => {
    const { options } = await service();
    const path = name === '' ? '' : join(folder(), name);
    await expect(collect(path, { ...options, ...more })).rejects.toThrow(message);
  });
});

describe('retryFailed', () => {
  it('makes failed jobs, from the folder alone', async () => {
    let failures = 2;
    const fails = ({ input }: { input: { prompt?: unknown } }) => {
      if (!/owl|heron/.test(String(input.prompt)) || failures === 0) return null;
      failures -= 1;
      return 'NSFW content detected';
    };
    const { simulator, to, options } = await service({ faults: { onOutcome: fails } });
    const first = await images(animals, { ...options, model: SCHNELL, to });
    expect(first.totals).toMatchObject({ saved: 1, failed: 2 });
    const one = await retryFailed(to, { ...options, only: (index) => index === 1 });
    expect(one.totals).toMatchObject({ saved: 1 });
    const { totals } = await retryFailed(to, { ...options, score: ({ index }) => index });
    expect(totals).toMatchObject({ saved: 1, failed: 0 });
    expect((await outcomesIn(to)).map(({ status }) => status)).toEqual(['saved', 'saved', 'saved']);
    expect(simulator.stats().created).toBe(5);
    expect((await readdir(to)).filter((name) => name.endsWith('.webp'))).toHaveLength(3);
  });

  it('refuses a folder that is not that of a run', async () => {
    const { options } = await service();
    await expect(retryFailed(join(folder(), 'none'), options)).rejects.toThrow(
      'is not the folder of an earlier run',
    );
  });

  it('ends early by its signal', async () => {
    const { simulator, to, options } = await service();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(retryFailed(to, { ...options, signal })).rejects.toThrow('enough');
    expect(simulator.stats().created).toBe(0);
  });
});
