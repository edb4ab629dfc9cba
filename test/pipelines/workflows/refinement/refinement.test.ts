import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { firstValueFrom, lastValueFrom, Subject } from 'rxjs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import type { FinishedRun } from '../../../../src/pipelines/run/closing/results.ts';
import type { RefinementContexts } from '../../../../src/pipelines/workflows/refinement/jobs.ts';
import {
  type RefinementSettings,
  runRefinement,
} from '../../../../src/pipelines/workflows/refinement/refinement.ts';
import type { RefinementSpec } from '../../../../src/pipelines/workflows/refinement/spec.ts';
import { refinementSpecSchema } from '../../../../src/pipelines/workflows/refinement/spec.ts';
import type { Scorer } from '../../../../src/ports.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, type SimulatorConfig, startSimulator } from '../../../../src/simulator/index.ts';
import type { RefinementRound } from '../../../../src/sinks/refinement/history.ts';
import { readRefinementHistory } from '../../../../src/sinks/refinement/history.ts';
import type { Outcome, ScoringModel } from '../../../../src/types.ts';

let folder = '';
let simulator: Simulator;
let contexts: RefinementContexts;
let events: RunEvent[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  events = [];
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function start(config: SimulatorConfig = {}) {
  simulator = await startSimulator({ render: 'fast', speed: 100, ...config });
  const provider = createReplicateProvider(simulator);
  const contextOf = async (model: string) => ({
    ...{ model, version: null, input: {}, count: 1, seed: 'auto' as const, renditions: [] },
    schema: (await lastValueFrom(provider.getModel(model))).schema,
  });
  contexts = [
    await contextOf('black-forest-labs/flux-schnell'),
    await contextOf('black-forest-labs/flux-dev'),
  ];
  return provider;
}

const specOf = (changes: object = {}): RefinementSpec =>
  refinementSpecSchema.parse({
    prompt: 'a harbour at night',
    ...{ candidates: 10, keep: 3, children: 2, rounds: 2, score: 'contrast', promptStrength: [0.7, 0.4] },
    ...changes,
  });

/** Scores that do not depend on the images, so that a test can predict them. */
const scores = (index: number) => ((index * 7) % 23) / 23;
const byIndex: Scorer = ({ index }) => scores(index);

async function run(
  spec: RefinementSpec,
  settings: Pick<RefinementSettings, 'provider'> & Partial<RefinementSettings>,
): Promise<FinishedRun> {
  return firstValueFrom(
    runRefinement(spec, contexts, {
      ...{ folder, ratePerMinute: 100_000, organize: spec.organize, date: '2026-11-23', gallery: false },
      ...{ priceOf: (model: string) => (model.endsWith('schnell') ? 3_000 : 25_000), scorer: byIndex },
      emit: (event: RunEvent) => events.push(event),
      ...settings,
    }),
  );
}

const rounds = async () => (await readRefinementHistory(folder))?.rounds ?? [];
const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).outcomes;
const keptOf = ({ candidates }: RefinementRound) =>
  candidates.filter(({ kept }) => kept).map(({ index }) => index);
/** Returns the parent and the seed of each job. */
const lineage = async () =>
  (await outcomes()).map(({ index, tags, input }) => [index, tags.round, tags.parent, input.seed]);

describe('a refinement', () => {
  it('refines the best of ten twice, each from its parent’s image', async () => {
    const end = await run(specOf(), { provider: await start() });
    expect(end.totals).toMatchObject({ total: 22, saved: 22, failed: 0, skipped: 0, costUsd: 0.33 });
    expect(simulator.stats().created).toBe(22);
    const history = await rounds();
    expect(history.map(({ round, decided }) => [round, decided])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
    let before: readonly number[] = [];
    let best = 0;
    for (const round of history) {
      const made = round.candidates.filter((candidate) => candidate.round === round.round);
      const ranked = round.candidates.map(({ index }) => index);
      expect(made).toHaveLength(round.round === 0 ? 10 : 6);
      expect(ranked).toEqual(ranked.toSorted((a, b) => scores(b) - scores(a)));
      for (const { index, parent } of made) {
        const position = Math.floor((index - 10 - (round.round - 1) * 6) / 2);
        expect(parent).toBe(round.round === 0 ? null : before[position]);
      }
      expect(round.bestScore).toBeGreaterThanOrEqual(best);
      best = round.bestScore ?? 0;
      before = keptOf(round);
    }
    const all = await outcomes();
    const ranked = all
      .filter(({ metrics }) => metrics.rank !== undefined)
      .toSorted((a, b) => Number(a.metrics.rank) - Number(b.metrics.rank));
    expect(ranked.map(({ index }) => index)).toEqual(
      all
        .map(({ index }) => index)
        .toSorted((a, b) => scores(b) - scores(a))
        .slice(0, 3),
    );
    const names = ranked.map(({ files }, place) => `${place + 1}-${basename(files[0]?.path ?? '')}`);
    expect(await readRefinementHistory(folder)).toMatchObject({
      basePrompt: 'a harbour at night',
      best: names.map((name) => `best/${name}`),
      copies: ranked.map(({ files }, place) => ({
        path: `best/${names[place]}`,
        sha256: files[0]?.sha256,
      })),
    });
    expect((await readdir(join(folder, 'best'))).toSorted()).toEqual(names);
    for (const { index, files, metrics, input, tags, model } of all) {
      expect(metrics.score).toBe(scores(index));
      const sidecar = JSON.parse(
        await readFile(join(folder, `${files[0]?.path.replace(/\.\w+$/, '')}.json`), 'utf8'),
      );
      expect(sidecar.metrics).toEqual(metrics);
      const parent = tags.parent === undefined ? undefined : all[Number(tags.parent) - 1];
      expect(input.image).toBe(parent?.files[0]?.path);
      expect(input.prompt_strength).toBe({ 0: undefined, 1: 0.7, 2: 0.4 }[Number(tags.round)]);
      expect(model).toMatch(tags.round === '0' ? /schnell$/ : /dev$/);
    }
    // A parent that stays among the best has other children each time.
    expect(new Set(all.map(({ key }) => key)).size).toBe(22);
    expect(events.filter(({ type }) => type === 'round.completed')).toHaveLength(3);
  });

  it('refines the images that a person has picked', async () => {
    const provider = await start();
    await run(specOf({ rounds: 1, promptStrength: 0.5 }), { provider });
    const picks = [0, 11];
    const more = specOf({ promptStrength: 0.5 });
    const before = await readRefinementHistory(folder);
    let begun: unknown;
    const emit = ({ type }: RunEvent) => {
      if (type === 'run.started') begun = JSON.parse(readFileSync(join(folder, 'refinement.json'), 'utf8'));
    };
    const end = await run(more, { provider, picks, emit });
    const { basePrompt, best, copies } = before ?? {};
    expect(begun).toMatchObject({ basePrompt, best, copies, end: null, rounds: [{}, { picked: true }] });
    expect(end.totals).toMatchObject({ saved: 4, alreadySaved: 16, failed: 0 });
    const parents = (await lineage()).filter(([, round]) => round === '2').map(([, , parent]) => parent);
    expect(parents.toSorted()).toEqual(['1', '1', '12', '12']);
    // The same command again makes nothing.
    const again = await run(more, { provider, picks });
    expect(again.totals).toMatchObject({ saved: 0, alreadySaved: 20 });
    expect(simulator.stats().created).toBe(20);
  });

  it('continues in the middle of a round with the decisions so far', async () => {
    const provider = await start({ seed: 7 });
    const stop = new Subject<void>();
    let scored = 0;
    const counting: Scorer = (image) => {
      scored += 1;
      return byIndex(image);
    };
    const stopped = await run(specOf(), {
      ...{ provider, stop, scorer: counting, concurrency: 1 },
      emit: (event) => {
        events.push(event);
        // The jobs after it get no slot, even on a busy machine.
        if (event.type === 'prediction.creating' && event.index === 11) stop.next();
      },
    });
    expect(stopped.totals.total).toBe(16);
    expect(stopped.totals.skipped).toBeGreaterThan(0);
    expect(await readRefinementHistory(folder)).toMatchObject({
      end: 'stopped',
      rounds: [{ decided: true }, { decided: false }],
    });
    const end = await run(specOf(), { provider, scorer: counting });
    expect(end.totals).toMatchObject({ total: 22, saved: 22 - stopped.totals.saved, skipped: 0 });
    expect(simulator.stats().created).toBe(22);
    expect(scored).toBe(22);
    const resumed = await lineage();
    // A whole run with the same seeds has the same lineage.
    await rm(folder, { recursive: true });
    await run(specOf(), { provider });
    expect(await lineage()).toEqual(resumed);
    // And once more costs nothing and changes nothing.
    const again = await run(specOf(), { provider });
    expect(again.totals).toMatchObject({ total: 22, saved: 0, alreadySaved: 22 });
    expect(simulator.stats().created).toBe(44);
    expect(await lineage()).toEqual(resumed);
  });

  it('is unfinished, with a warning, if it is stopped between two rounds', async () => {
    const provider = await start();
    const stop = new Subject<void>();
    const stopping: Scorer = (image) => {
      if (image.index === 9) stop.next();
      return byIndex(image);
    };
    const stopped = await run(specOf(), { provider, stop, scorer: stopping, concurrency: 1 });
    expect(stopped).toMatchObject({ isUnfinished: true, totals: { total: 10, saved: 10 } });
    expect(events).toContainEqual({
      type: 'warning',
      message:
        'Stopped between two rounds. Run the same command again to continue; saved images are not made or paid for again.',
    });
    expect(await run(specOf(), { provider })).toMatchObject({ isUnfinished: false, totals: { total: 22 } });
    expect(simulator.stats().created).toBe(22);
  });

  it('rates only images that an earlier run saved without a score', async () => {
    const provider = await start();
    const stop = new Subject<void>();
    const first: Scorer = ({ index }) => {
      if (index === 4) stop.next();
      return index === 4 ? Promise.reject(new Error('power cut')) : scores(index);
    };
    await run(specOf(), { provider, scorer: first, stop, concurrency: 1 });
    const rated: number[] = [];
    const before = (await outcomes()).filter(({ metrics }) => metrics.score !== undefined);
    expect(before.length).toBeGreaterThan(2);
    await run(specOf(), {
      provider,
      scorer: (image) => {
        rated.push(image.index);
        return byIndex(image);
      },
    });
    expect(rated).toContain(4);
    expect(rated).toHaveLength(22 - before.length);
    expect(simulator.stats().created).toBe(22);
  });

  it('ends with the best so far if the budget has no room for another image', async () => {
    const provider = await start();
    // The candidates and two rounds would be 0.33.
    const end = await run(specOf(), { provider, budgetMicroUsd: 190_000 });
    expect(end.totals).toMatchObject({ total: 16, saved: 16, skipped: 0, costUsd: 0.18 });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'budget', rounds: [{}, {}] });
    const ranks = (await outcomes()).filter(({ metrics }) => metrics.rank !== undefined);
    expect(ranks).toHaveLength(3);
    // With a higher budget it continues, and no longer ranks images that better ones have replaced.
    await run(specOf(), { provider });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'rounds', rounds: [{}, {}, {}] });
    expect((await outcomes()).filter(({ metrics }) => metrics.rank !== undefined)).toHaveLength(3);
    expect(simulator.stats().created).toBe(22);
  });

  it('ends in the middle of a round if the budget is used up there, and never spends more', async () => {
    const provider = await start();
    const end = await run(specOf(), { provider, budgetMicroUsd: 100_000, concurrency: 2 });
    expect(end.totals).toMatchObject({ total: 16, saved: 12, skipped: 4, costUsd: 0.08 });
    const history = await readRefinementHistory(folder);
    expect(history).toMatchObject({ end: 'budget', rounds: [{ decided: true }, { decided: false }] });
    expect((await outcomes()).filter(({ metrics }) => metrics.rank !== undefined)).toHaveLength(3);
    await run(specOf(), { provider });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'rounds' });
    expect(simulator.stats().created).toBe(22);
  });

  it('ends when an image reaches the wanted score, and continues for a higher one', async () => {
    const provider = await start();
    const { totals } = await run(specOf({ stopAtScore: 0.5 }), { provider });
    expect(totals).toMatchObject({ total: 10, saved: 10 });
    expect((await outcomes()).every(({ tags }) => tags.round === '0')).toBe(true);
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'score' });
    await run(specOf({ rounds: 1, promptStrength: 0.5 }), { provider });
    expect(simulator.stats().created).toBe(16);
    await run(specOf({ rounds: 3, promptStrength: 0.5 }), { provider });
    expect(simulator.stats().created).toBe(28);
    expect((await rounds()).map(({ round }) => round)).toEqual([0, 1, 2, 3]);
  });

  it('continues with fewer if fewer are saved, and reports if none is', async () => {
    const provider = await start();
    const few: Scorer = (image) => {
      if (image.index > 1) throw new Error('unreadable');
      return byIndex(image);
    };
    const end = await run(specOf({ rounds: 1, promptStrength: 0.7 }), { provider, scorer: few });
    expect(end.totals).toMatchObject({ total: 14, saved: 14 });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'nothing' });
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(12);
    await rm(folder, { recursive: true });
    const none = await run(specOf(), { provider, scorer: () => Number.NaN });
    expect(none.totals).toMatchObject({ total: 10, saved: 10 });
    expect(await readRefinementHistory(folder)).toMatchObject({
      end: 'nothing',
      rounds: [{ decided: false, bestScore: null }],
    });
  });

  it('leaves the failed out of the choice and keeps one outcome for each', async () => {
    const provider = await start();
    let failures = 0;
    const failing = {
      ...provider,
      createPrediction: (...args: Parameters<typeof provider.createPrediction>) => {
        const [request, options] = args;
        if (failures++ < 8)
          return provider.createPrediction({ ...request, model: 'nobody/nothing' }, options);
        return provider.createPrediction(request, options);
      },
    };
    const end = await run(specOf({ rounds: 1, promptStrength: 0.7 }), {
      provider: failing,
      concurrency: 1,
      maxAttempts: 1,
    });
    expect(end.totals).toMatchObject({ total: 14, failed: 8, saved: 6 });
    const [first] = await rounds();
    expect(first && keptOf(first)).toHaveLength(2);
    expect(first?.candidates.filter(({ rank }) => rank === null)).toHaveLength(8);
    expect((await outcomes()).map(({ index }) => index)).toEqual(Array.from({ length: 14 }, (_, at) => at));
  });

  it('refuses parents that are not the ones that were decided about', async () => {
    const provider = await start();
    await run(specOf({ rounds: 1, promptStrength: 0.7 }), { provider });
    const first = (await rounds())[0];
    const best = (await outcomes())[first?.candidates[0]?.index ?? 0];
    const path = join(folder, best?.files[0]?.path ?? '');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } }).toFile(path);
    await expect(run(specOf({ rounds: 2, promptStrength: 0.7 }), { provider })).rejects.toThrow(
      'Input files have changed since',
    );
    await rm(path);
    await expect(run(specOf({ rounds: 2, promptStrength: 0.7 }), { provider })).rejects.toThrow(
      `The image of job #${(best?.index ?? 0) + 1} is missing: ${path}`,
    );
  });

  it('draws its lineage and shows it, whole in itself', async () => {
    await run(specOf({ candidates: 4, keep: 2, rounds: 1, promptStrength: 0.5 }), {
      provider: await start(),
      gallery: true,
    });
    const svg = await readFile(join(folder, 'lineage.svg'), 'utf8');
    // Four candidates, then two kept and four children.
    expect(svg.match(/<image href="data:image\/jpeg;base64,/g)).toHaveLength(10);
    expect(svg).not.toMatch(/(href|src)="(?!data:)/);
    const { width = 0, height = 0 } = await sharp(join(folder, 'lineage.png')).metadata();
    expect(Math.min(width, height)).toBeGreaterThan(500);
  });
});

describe('a refinement that a model rates', () => {
  const llava: ScoringModel = {
    model: 'yorickvp/llava-13b',
    version: null,
    picture: { name: 'image', valueOf: (picture) => picture },
    input: { prompt: '{prompt}' },
    priceMicroUsd: 2_000,
  };
  const begin = async (config: SimulatorConfig = {}) => {
    const provider = await start({ coldStarts: false, ...config });
    await lastValueFrom(provider.getModel(llava.model));
    return provider;
  };

  it('pays for the ratings from the budget, in the slots of the run, and adds their cost to their images', async () => {
    const end = await run(specOf(), { provider: await begin(), scorer: llava, concurrency: 3 });
    expect(end.totals).toMatchObject({ total: 22, saved: 22, costUsd: 0.33 + 22 * 0.002 });
    expect(end.report.costUsd).toBe(0.374);
    expect(simulator.stats()).toMatchObject({ created: 44, images: 22 });
    expect(simulator.stats().maxInFlight).toBeLessThanOrEqual(3);
    for (const { metrics, costUsd, tags } of await outcomes()) {
      expect(metrics.score).toBeGreaterThanOrEqual(1);
      expect(metrics.scoreCostUsd).toBe(0.002);
      expect(costUsd).toBe(tags.round === '0' ? 0.005 : 0.027);
    }
    // Ratings are not jobs: listeners see images only.
    expect(events.filter(({ type }) => type === 'prediction.created')).toHaveLength(22);
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  });

  it('makes no rating twice if it is stopped and continued', async () => {
    const provider = await begin();
    const stop = new Subject<void>();
    const stopped = await run(specOf(), {
      ...{ provider, stop, scorer: llava, concurrency: 2 },
      emit: (event) => {
        events.push(event);
        if (event.type === 'prediction.creating' && event.index === 11) stop.next();
      },
    });
    expect(stopped.totals.skipped).toBeGreaterThan(0);
    expect(simulator.stats().created).toBeLessThan(32);
    const end = await run(specOf(), { provider, scorer: llava });
    expect(end.totals.total).toBe(22);
    expect(end.report).toMatchObject({ saved: 22, costUsd: 0.374 });
    expect(simulator.stats().created).toBe(44);
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'rounds' });
    const resumed = await lineage();
    await rm(folder, { recursive: true });
    await run(specOf(), { provider, scorer: llava });
    expect(await lineage()).toEqual(resumed);
  });

  it('reuses paid ratings whose scores got lost', async () => {
    const provider = await begin();
    const spec = specOf({ rounds: 1, promptStrength: 0.5 });
    await run(spec, { provider, scorer: llava });
    expect(simulator.stats().created).toBe(32);
    const before = await outcomes();
    // As if killed between the ratings and the manifest, and before the last round was decided.
    const lines = before.map(({ metrics, ...outcome }) => {
      const { score, scoreCostUsd, rank: _rank, ...others } = metrics;
      expect(score).toBeGreaterThanOrEqual(1);
      const costUsd = Math.round(Number(outcome.costUsd) * 1e6 - Number(scoreCostUsd) * 1e6) / 1e6;
      return JSON.stringify({ ...outcome, costUsd, metrics: others });
    });
    await writeFile(join(folder, 'manifest.jsonl'), `${lines.join('\n')}\n`);
    await rm(join(folder, 'refinement.json'));
    await run(spec, { provider, scorer: llava });
    expect(simulator.stats().created).toBe(32);
    expect(await outcomes()).toEqual(before);
  });

  it('decides no round whose ratings exceeded the budget, and continues it with a higher one', async () => {
    const provider = await begin();
    // Ten candidates are 0.03, their ratings 0.02.
    const end = await run(specOf(), { provider, scorer: llava, budgetMicroUsd: 41_000 });
    expect(Math.round(end.report.costUsd * 1e6)).toBeLessThanOrEqual(41_000);
    expect(await readRefinementHistory(folder)).toMatchObject({
      end: 'budget',
      rounds: [{ decided: false }],
    });
    const more = await run(specOf(), { provider, scorer: llava, budgetMicroUsd: 374_000 });
    expect(more.report).toMatchObject({ saved: 22, costUsd: 0.374 });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'rounds' });
    expect(simulator.stats().created).toBe(44);
  });

  it('counts the earlier ratings of a folder in the budget when it continues with measures', async () => {
    const provider = await begin();
    const spec = specOf({ candidates: 4, keep: 1, children: 1, rounds: 1, promptStrength: 0.5 });
    await run(spec, { provider, scorer: llava, budgetMicroUsd: 20_000 });
    // 0.012 for candidates and 0.008 for ratings are paid: a child is 0.025.
    const end = await run(spec, { provider, budgetMicroUsd: 44_000 });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'budget' });
    expect(end.totals.total).toBe(4);
    await run(spec, { provider, budgetMicroUsd: 45_000 });
    expect(await readRefinementHistory(folder)).toMatchObject({ end: 'rounds' });
  });
});

describe('with `resumeAnyway`', () => {
  const small = { candidates: 4, keep: 2, children: 1, rounds: 2, promptStrength: [0.7] };
  /** Requests of all predictions that the service has made. */
  const requests = async (provider: RefinementSettings['provider']) => {
    const { predictions } = await lastValueFrom(provider.listPredictions({ createdAfterMs: 0 }));
    return predictions.map(({ model, input }) => JSON.stringify([model, input?.seed]));
  };

  it('finds results of jobs that have other indexes now, and makes nothing twice', async () => {
    // Parents with contents of their own, which requests depend on.
    const provider = await start({ render: 'full' });
    await run(specOf(small), { provider, fixedInput: 'a' });
    const before = simulator.stats().created;
    // Those of the second round begin two later.
    const spec = specOf({ ...small, keep: 3 });
    const end = await run(spec, { provider, fixedInput: 'b', resumeAnyway: true });
    const { saved, alreadySaved, total } = end.totals;
    expect(saved).toBe(simulator.stats().created - before);
    expect(saved + alreadySaved).toBe(total);
    expect(await outcomes()).toHaveLength(total);
    expect((await rounds()).map((round) => keptOf(round).length)).toEqual([3, 3, 3]);
    const made = await requests(provider);
    expect(new Set(made).size).toBe(made.length);
    // Once more: nothing is left to make.
    const again = await run(spec, { provider, fixedInput: 'b' });
    expect(again.totals).toMatchObject({ saved: 0, alreadySaved: total, total });
    expect(await requests(provider)).toHaveLength(made.length);
  });

  it('lists results that no job requests any more as unused, and gives them back later', async () => {
    const provider = await start();
    await run(specOf(small), { provider, fixedInput: 'a' });
    const made = simulator.stats().created;
    const fewer = await run(specOf({ ...small, rounds: 1 }), {
      ...{ provider, fixedInput: 'b', resumeAnyway: true },
    });
    expect(fewer.totals).toMatchObject({ saved: 0, alreadySaved: 6, total: 6 });
    expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).unused).toHaveLength(2);
    const all = await run(specOf(small), { provider, fixedInput: 'a', resumeAnyway: true });
    expect(all.totals).toMatchObject({ saved: 0, alreadySaved: 8, total: 8 });
    expect(simulator.stats().created).toBe(made);
  });
});
