import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, Subject } from 'rxjs';
import { beforeEach, expect, it } from 'vitest';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { gridAxes } from '../../../../src/pipelines/workflows/grid/axes.ts';
import type { Grid } from '../../../../src/pipelines/workflows/grid/cells.ts';
import { runGrid } from '../../../../src/pipelines/workflows/grid/grid.ts';
import { openGrid } from '../../../../src/pipelines/workflows/grid/growth.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../../src/simulator/index.ts';
import type { JobContext } from '../../../../src/sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../../../src/sources/planning/planJobs.ts';
import type { Json, ModelSchema, Outcome } from '../../../../src/types.ts';
import { contextOf } from '../../../helpers/contextOf.ts';
import { simulated } from '../../../helpers/simulated.ts';
import { tempFolder } from '../../../helpers/tempFile.ts';

const model = 'black-forest-labs/flux-dev';
const schema: ModelSchema = {
  required: ['prompt'],
  properties: {
    prompt: { type: 'string' },
    seed: { type: 'integer' },
    guidance: { type: 'number', minimum: 0, maximum: 10 },
    aspect_ratio: { type: 'string', enum: ['1:1', '16:9', '4:5'] },
  },
};

let folder = '';
beforeEach(async () => {
  folder = await tempFolder();
});

function aGrid(lists: Readonly<Record<string, readonly Json[]>>, fields: Partial<Grid> = {}): Grid {
  const named = Object.entries(lists).map(([name, values]) => [
    name,
    values.map((value) => ({ name: null, value })),
  ]);
  const prompt = fields.prompt ?? 'a {pot} pot';
  const axes = gridAxes({ prompt, axes: Object.fromEntries(named) });
  return { prompt, input: {}, axes, renditions: [], max: null, ...fields };
}

async function service(config: SimulatorConfig = {}) {
  const simulator = await simulated({ render: 'fast', speed: 200, ...config });
  const { token, baseUrl } = simulator;
  const settings: RunSettings & PlanJobsConfig = {
    folder,
    provider: createReplicateProvider({ token, baseUrl }),
    gallery: false,
    organize: '{pot}/{index:04}',
    date: '2026-11-23',
    priceOf: () => 1,
  };
  const run = (wanted: Grid, changes: Partial<JobContext> = {}, more: Partial<RunSettings> = {}) =>
    lastValueFrom(
      runGrid(wanted, [contextOf({ model, schema, seed: 'auto', ...changes })], { ...settings, ...more }),
    );
  return { simulator, settings, run };
}

async function outcomes(): Promise<Outcome[]> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).outcomes;
}

it('makes only the new cells when its axes grow, and keeps numbers, seeds and files of the old ones', async () => {
  const { simulator, run } = await service();
  const small = aGrid({ pot: ['red', 'blue'], guidance: [2, 4] });
  expect((await run(small)).totals).toMatchObject({ total: 4, saved: 4 });
  const before = await outcomes();
  expect(before.map(({ tags }) => `${tags.pot} ${tags.guidance}`)).toEqual([
    'red 2',
    'red 4',
    'blue 2',
    'blue 4',
  ]);

  // Both axes and the count grow, and the lists are in another order.
  const grown = aGrid({ guidance: [6, 4, 2], pot: ['green', 'blue', 'red'] });
  expect((await run(grown, { count: 2 })).totals).toMatchObject({ total: 18, saved: 14, alreadySaved: 4 });
  expect(simulator.stats().created).toBe(18);
  const after = await outcomes();
  expect(after.slice(0, 4)).toEqual(before);
  expect(after.map(({ index }) => index)).toEqual(Array.from({ length: 18 }, (_, index) => index));
  expect(new Set(after.map(({ input }) => JSON.stringify(input))).size).toBe(18);

  expect((await run(grown, { count: 2 })).totals).toMatchObject({ saved: 0, alreadySaved: 18 });
  expect(simulator.stats().created).toBe(18);
});

it('continues after it was stopped in the middle of its growth', async () => {
  const { simulator, run } = await service({ speed: 20 });
  await run(aGrid({ pot: ['red'] }));
  const grown = aGrid({ pot: ['red', 'blue', 'green', 'white'] });
  const stop = new Subject<void>();
  const emit: RunSettings['emit'] = ({ type }) => type === 'prediction.created' && stop.next();
  const end = await run(grown, {}, { stop, concurrency: 1, emit });
  expect(end.totals.skipped).toBeGreaterThan(0);
  expect((await run(grown)).totals).toMatchObject({ skipped: 0, total: 4 });
  // The folder of the stopped run can grow again at once.
  expect((await run(aGrid({ pot: ['red', 'blue', 'green', 'white', 'grey'] }))).totals).toMatchObject({
    saved: 1,
  });
  expect(simulator.stats().created).toBe(5);
  expect((await outcomes()).map(({ tags }) => tags.pot)).toEqual(['red', 'blue', 'green', 'white', 'grey']);
});

it('continues if the journal knew of the growth before grid.json did', async () => {
  const { simulator, run } = await service();
  await run(aGrid({ pot: ['red'] }));
  const old = await readFile(join(folder, 'grid.json'));
  await run(aGrid({ pot: ['red', 'blue'] }));
  await writeFile(join(folder, 'grid.json'), old);
  expect((await run(aGrid({ pot: ['red', 'blue'] }))).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
  expect(simulator.stats().created).toBe(2);
});

it.each([
  ['without a value', aGrid({ pot: ['blue'], guidance: [2] }), {}, { total: 2, saved: 0, alreadySaved: 2 }],
  [
    'with its values in another order',
    aGrid({ pot: ['blue', 'red'], guidance: [2] }),
    {},
    { saved: 0, alreadySaved: 4 },
  ],
  [
    'with fewer images per cell',
    aGrid({ pot: ['red', 'blue'], guidance: [2] }),
    { count: 1 },
    { total: 2, saved: 0 },
  ],
  [
    'with another axis',
    aGrid({ pot: ['red', 'blue'], guidance: [2], aspect_ratio: ['1:1'] }),
    {},
    { total: 4, saved: 4, alreadySaved: 0 },
  ],
  [
    'with another prompt',
    aGrid({ pot: ['red', 'blue'], guidance: [2] }, { prompt: 'one {pot} pot' }),
    {},
    { total: 4, saved: 4, alreadySaved: 0 },
  ],
])('makes only new cells of a grid %s, and keeps the others', async (_, other, changes, totals) => {
  const { simulator, run } = await service();
  const first = aGrid({ pot: ['red', 'blue'], guidance: [2] });
  await run(first, { count: 2 });
  expect((await run(other, { count: 2, ...changes })).totals).toMatchObject(totals);
  const { created } = simulator.stats();
  expect((await run(first, { count: 2 })).totals).toMatchObject({ total: 4, alreadySaved: 4 });
  expect(simulator.stats().created).toBe(created);
});

it('finds its results without its grid.json, and refuses one that is damaged', async () => {
  const { simulator, run } = await service();
  await run(aGrid({ pot: ['red'] }));
  await run(aGrid({ pot: ['red', 'blue'] }));
  await writeFile(join(folder, 'grid.json'), 'x');
  await expect(run(aGrid({ pot: ['red', 'blue'] }))).rejects.toThrow(
    'is damaged: it is not the file that rxposure wrote',
  );
  await rm(join(folder, 'grid.json'));
  expect((await run(aGrid({ pot: ['blue', 'red'] }))).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
  expect(simulator.stats().created).toBe(2);
});

it('gives each model the inputs that it takes', async () => {
  const { simulator, settings } = await service();
  const other: ModelSchema = {
    required: ['prompt'],
    properties: {
      prompt: { type: 'string' },
      aspect_ratio: { type: 'string', enum: ['match_input_image', '1:1', '16:9'] },
    },
  };
  const contexts = [
    contextOf({ model, schema, seed: 'auto' }),
    contextOf({ model: 'google/nano-banana', schema: other, seed: 'auto' }),
  ];
  const wanted = aGrid(
    { pot: ['red'], model: [model, 'google/nano-banana'], guidance: [2, 4] },
    { input: { aspect_ratio: '4:5' } },
  );
  const end = await lastValueFrom(runGrid(wanted, contexts, settings));
  expect(end.totals).toMatchObject({ saved: 4 });
  expect(
    (await outcomes()).map(({ model: name, input: { prompt: _, seed, ...rest } }) => ({
      name,
      seed: typeof seed,
      ...rest,
    })),
  ).toEqual([
    { name: model, seed: 'number', aspect_ratio: '4:5', guidance: 2 },
    { name: model, seed: 'number', aspect_ratio: '4:5', guidance: 4 },
    { name: 'google/nano-banana', seed: 'undefined', aspect_ratio: '1:1' },
    { name: 'google/nano-banana', seed: 'undefined', aspect_ratio: '1:1' },
  ]);
  expect(simulator.stats().created).toBe(4);

  const unknown = aGrid({ pot: ['red'], model: [model, 'google/nano-banana'], guidence: [2] });
  await expect(openGrid(unknown, contexts, await tempFolder())).rejects.toThrow(
    'axes.guidence: Expected a placeholder',
  );
  const dear = aGrid({ pot: ['red'], model: [model, 'google/nano-banana'], guidance: [20] });
  await expect(openGrid(dear, contexts, await tempFolder())).rejects.toThrow(
    'axes.guidance: Expected `guidance` to be a number of 0 to 10, got 20',
  );
});

it('stops at the limit, and makes the rest without it', async () => {
  const { run } = await service();
  const many = aGrid({ pot: ['red', 'blue', 'green'] });
  expect((await run(many, { limit: 2 })).totals).toMatchObject({ total: 2, saved: 2 });
  expect((await run(many)).totals).toMatchObject({ total: 3, saved: 1, alreadySaved: 2 });
});
