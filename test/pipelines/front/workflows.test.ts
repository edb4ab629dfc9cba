import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  type CampaignFields,
  type CompareFields,
  type CompositionFields,
  campaign,
  compareModels,
  compose,
  type GridFields,
  grid,
  type ImagesRun,
  type Outcome,
  type StylesFields,
  styles,
  type VariationsFields,
  variations,
} from '../../../src/index.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../src/simulator/index.ts';
import {
  readCampaignSpec,
  readCompareSpec,
  readCompositionSpec,
  readGridSpec,
  readStylesSpec,
  readVariationsSpec,
} from '../../../src/sources/index.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const DEV = 'black-forest-labs/flux-dev';
const folder = temporaryFolder();

async function service(config: SimulatorConfig = {}) {
  const simulator = await simulated({ speed: 500, ...config });
  const provider = createReplicateProvider({ ...simulator, service: 'simulator' });
  // Pictures of a test are not in the working directory.
  const options = { to: join(folder(), 'run'), provider, gallery: false, allowFiles: [folder()] };
  return { simulator, provider, options };
}

async function pictures(...names: readonly string[]): Promise<string[]> {
  const paths = names.map((name) => join(folder(), name));
  for (const path of paths)
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } }).toFile(path);
  return paths;
}

async function outcomesIn(to: string): Promise<Outcome[]> {
  return JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')).outcomes;
}

/** The end of a run, and the values of its loop. */
async function looped(run: ImagesRun) {
  const images: Outcome[] = [];
  for await (const image of run) images.push(image);
  return { images, ...(await run) };
}

describe('compareModels', () => {
  const spec: CompareFields = { prompts: ['a red fox'], models: [SCHNELL, DEV] };

  it('makes each prompt with each model, and writes the comparison before it ends', async () => {
    const { simulator, options } = await service();
    const { images, totals } = await looped(compareModels(spec, { ...options, budgetUsd: 1 }));
    expect(totals).toMatchObject({ total: 2, saved: 2, failed: 0 });
    expect(images.map(({ model }) => model).toSorted()).toEqual([DEV, SCHNELL]);
    const { models } = JSON.parse(await readFile(join(options.to, 'comparison.json'), 'utf8'));
    expect(models).toHaveLength(2);
    expect(await readdir(options.to)).toEqual(expect.arrayContaining(['ab.html', 'comparison-grid.jpg']));
    expect((await compareModels(spec, options)).totals).toMatchObject({ alreadySaved: 2, costUsd: 0 });
    expect(simulator.stats().created).toBe(2);
  });

  it('has the names of models in paths, tags, votes and report, and takes new names', async () => {
    const { simulator, options } = await service();
    const named = [{ name: 'quick one', model: SCHNELL }, DEV];
    await compareModels({ ...spec, models: named }, options);
    const report = async () => JSON.parse(await readFile(join(options.to, 'comparison.json'), 'utf8'));
    expect((await report()).models.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      DEV,
      'quick one',
    ]);
    const before = await outcomesIn(options.to);
    expect(before.map(({ tags }) => tags.model)).toEqual(['quick one', 'flux-dev']);
    expect(before[0]?.files[0]?.path).toMatch(/^a-red-fox\/0001-quick one\./);
    expect(await readFile(join(options.to, 'ab.html'), 'utf8')).toContain('"variant":"quick one"');
    const renamed = [{ name: 'draft', model: SCHNELL }, DEV];
    const { totals } = await compareModels(spec, { ...options, models: renamed });
    expect(totals).toMatchObject({ alreadySaved: 2, saved: 0 });
    const after = await outcomesIn(options.to);
    expect(after.map(({ tags }) => tags.model)).toEqual(['draft', 'flux-dev']);
    expect(after[0]?.files[0]?.path).toMatch(/^a-red-fox\/0001-draft\./);
    expect(simulator.stats().created).toBe(2);
  });

  it('takes models as an option, and refuses none', async () => {
    const { simulator, options } = await service();
    const run = compareModels({ prompts: ['a red fox'] }, { ...options, models: [SCHNELL] });
    expect((await run).totals.saved).toBe(1);
    const none = compareModels({ prompts: ['a red fox'] }, options);
    await expect(none).rejects.toThrow('Expected models to compare, got none');
    expect(simulator.stats().created).toBe(1);
  });
});

describe('campaign', () => {
  const spec: CampaignFields = {
    theme: 'a lemonade stand',
    platforms: [
      { name: 'instagram_post', prompt: 'room for a headline' },
      { name: 'banner', width: 64, height: 16, format: 'webp' },
    ],
    variations: ['at dawn', { name: 'noon', prompt: 'at noon' }],
    budget: 1,
  };

  it('makes every variation for every platform, with its report', async () => {
    const { options } = await service();
    const { totals } = await campaign(spec, options);
    expect(totals).toMatchObject({ total: 4, saved: 4 });
    const report = JSON.parse(await readFile(join(options.to, 'campaign_report.json'), 'utf8'));
    expect(report.outputs_by_platform).toEqual({ instagram_post: 2, banner: 2 });
    const at = 'banner/noon/0004-a-lemonade-stand-at-noon--banner.webp';
    expect(report).toMatchObject({
      campaign: 'run',
      theme: 'a lemonade stand',
      outputs: { banner: { noon: [at] } },
    });
    expect((await outcomesIn(options.to)).map(({ prompt }) => prompt)).toEqual([
      'a lemonade stand, at dawn, room for a headline',
      'a lemonade stand, at noon, room for a headline',
      'a lemonade stand, at dawn',
      'a lemonade stand, at noon',
    ]);
    expect((await outcomesIn(options.to)).map(({ model }) => model)).toEqual(Array(4).fill(SCHNELL));
    expect(await readdir(join(options.to, 'banner', 'noon'))).toContainEqual(
      expect.stringMatching(/--banner\.webp$/),
    );
  });

  it('reads a file as the script does, and options win over it', async () => {
    const { options } = await service();
    const path = join(folder(), 'spec.yaml');
    await writeFile(
      path,
      `theme: a fox\nplatforms: [twitter_post]\nvariations: [calm, wild]\nmodel: ${DEV}\ncount: 3\n`,
    );
    const { totals } = await campaign(path, { ...options, model: SCHNELL, count: 1, limit: 1 });
    expect(totals).toMatchObject({ total: 1, saved: 1 });
    expect((await outcomesIn(options.to))[0]?.model).toBe(SCHNELL);
    const { input } = JSON.parse(await readFile(join(options.to, 'run.json'), 'utf8'));
    expect(input.path).toMatch(/spec\.yaml$/);
  });

  it('keeps to the budget of the spec, or to that of the options', async () => {
    const { simulator, options } = await service();
    expect((await campaign({ ...spec, budget: 0.007 }, options)).totals).toMatchObject({
      saved: 2,
      skipped: 2,
    });
    await campaign({ ...spec, budget: 0.007 }, { ...options, budgetUsd: 0.01 });
    expect(simulator.stats().created).toBe(3);
  });
});

it('grid makes each combination, and only the new ones of a grid that has grown', async () => {
  const { simulator, options } = await service();
  const spec: GridFields = {
    prompt: 'a {glaze} teapot',
    axes: { glaze: ['red', 'blue'], model: [SCHNELL, DEV] },
  };
  expect((await grid(spec, options)).totals).toMatchObject({ total: 4, saved: 4 });
  const grown = { ...spec, axes: { ...spec.axes, glaze: ['red', 'blue', 'green'] } };
  expect((await grid(grown, options)).totals).toMatchObject({ total: 6, saved: 2, alreadySaved: 4 });
  expect(simulator.stats().created).toBe(6);
  await expect(grid(grown, { ...options, model: DEV })).rejects.toThrow('`model` cannot be used with a spec');
  expect(await readdir(join(options.to, 'green'))).toHaveLength(4);
});

it('variations reports its uploads, each picture once', async () => {
  const { options } = await service();
  const [reference = ''] = await pictures('mug.png');
  const spec: VariationsFields = { reference, prompt: 'the mug', variations: ['at dawn', 'in snow'] };
  const run = variations(spec, { ...options, model: DEV });
  const planned: unknown[] = [];
  run.events.subscribe((event) => {
    if (event.type === 'uploads.planned') planned.push(event.files);
  });
  expect((await run).totals).toMatchObject({ total: 2, saved: 2 });
  expect(planned).toEqual([1]);
});

it('a spec in code names no files elsewhere, unless they are allowed', async () => {
  const { simulator, options } = await service();
  const [reference = ''] = await pictures('mug.png');
  const spec: VariationsFields = { reference, prompt: 'the mug', variations: ['at dawn'] };
  await expect(variations(spec, { ...options, allowFiles: [] })).rejects.toThrow(
    'reference: `image`: Expected a file in',
  );
  expect(simulator.stats().created).toBe(0);
});

it('compose makes each product in front of each background', async () => {
  const { options } = await service();
  const [mug = '', flask = '', lake = ''] = await pictures('mug.png', 'flask.png', 'lake.png');
  const { totals } = await compose(
    { products: [mug, { image: flask, name: 'steel' }], backgrounds: [lake] },
    options,
  );
  expect(totals).toMatchObject({ total: 2, saved: 2 });
  expect((await outcomesIn(options.to)).map(({ tags }) => tags)).toEqual([
    { product: 'mug', background: 'lake' },
    { product: 'steel', background: 'lake' },
  ]);
});

it('styles makes the prompts in each style, side by side', async () => {
  const { options } = await service();
  const references = await pictures('dunes.png', 'lake.png');
  const { totals } = await styles({ prompts: ['a harbour'], styles: references }, options);
  expect(totals).toMatchObject({ total: 2, saved: 2 });
  expect(await readdir(options.to)).toEqual(expect.arrayContaining(['ab.html', 'comparison-grid.jpg']));
});

describe('a spec with mistakes', () => {
  it.each<[string, (options: never) => ImagesRun, RegExp]>([
    [
      'names their paths',
      (options) => campaign({ theme: 'a', platforms: ['instagram_pots'], variations: [1] } as never, options),
      /^2 mistakes in the campaign spec:\n {2}platforms\[0\]: [\s\S]*\n {2}variations\[0\]: /,
    ],
    [
      'suggests keys',
      (options) => grid({ prompts: 'a' } as never, options),
      /prompts: Unknown key; did you mean prompt\?/,
    ],
    ['names the axis', (options) => grid({ prompt: 'a {b}' }, options), /got none for \{b\}/],
    [
      'refuses inputs that the model does not have',
      (options) => grid({ prompt: 'a', axes: { sede: [1] } }, options),
      /axes\.sede: .*sede/,
    ],
    [
      'names missing fields',
      (options) => styles({ prompts: ['a'], styles: ['one.png'] }, options),
      /styles: Expected at least two styles/,
    ],
    [
      'refuses a file that is not there',
      (options) => campaign('nowhere.yaml', options),
      /nowhere\.yaml: Expected a campaign spec, got no file/,
    ],
    [
      'refuses wrong models',
      (options) => compareModels({ prompts: ['a'], models: ['flux'] }, options),
      /models\[0\]: /,
    ],
    [
      'refuses nothing',
      (options) => grid(null as never, options),
      /the spec: Expected keys and values, got nothing/,
    ],
    ['refuses circles', (options) => grid(circle() as never, options), /levels of lists and objects/],
  ])('%s, and pays nothing', async (_, start, message) => {
    const { simulator, options } = await service();
    await expect(start(options as never)).rejects.toThrow(message);
    expect(simulator.stats().created).toBe(0);
  });

  it('is told by the path of its file', async () => {
    const { options } = await service();
    const path = join(folder(), 'spec.yaml');
    await writeFile(path, 'prompt: a\naxes: {sede: [1]}\n');
    await expect(grid(path, options)).rejects.toThrow(`${path}: axes.sede: `);
  });
});

function circle(): object {
  const one: Record<string, unknown> = { prompt: 'a' };
  one.input = one;
  return one;
}

it('every key of the types is one of the specs', async () => {
  const shared = {
    ...{ name: 'n', model: SCHNELL, input: { seed: 1 }, organize: '{index}', count: 1, seed: 2 },
    ...{ budget: 1, price: 0.1 },
    renditions: ['thumb=8x8'],
  };
  const prompts = ['a', { name: 'b', prompt: 'b' }];
  const grids: Required<GridFields> = {
    ...{ ...shared, max: 5, prompt: 'a {b} {c}' },
    axes: { b: ['x', { name: 'y', value: 'z' }], go_fast: [true] },
    zip: { c: ['d'], guidance: [1] },
  };
  const { model: _model, ...others } = shared;
  const comparison: Required<CompareFields> = { ...others, prompts, models: [SCHNELL] };
  const looks: Required<StylesFields> = {
    ...shared,
    prompts,
    styles: ['a.png', { name: 'b', picture: 'b.png' }],
    max: 4,
  };
  const varied: Required<VariationsFields> = {
    ...{ ...shared, reference: 'a.png', prompt: 'a', variations: prompts, strength: [0.1, 0.2], max: 4 },
  };
  const scenes: Required<CompositionFields> = {
    ...{ ...shared, prompt: '{product} {background}', max: 4 },
    products: ['a.png', { image: 'b.png', name: 'b', prompt: 'c' }],
    backgrounds: ['d.png'],
  };
  const launch: Required<CampaignFields> = {
    ...{ ...shared, theme: 'a', style: 'b', prompt: '{theme} {variation}', variations: prompts },
    platforms: [
      'twitter_post',
      {
        ...{ name: 'p', width: 8, height: 8, fit: 'cover', format: 'jpg', quality: 80, gravity: 'north' },
        ...{ maxBytes: '20kB', background: '#fff', caption: 'a', sharpen: true, progressive: true },
        chromaSubsampling: '4:4:4',
      },
    ],
  };
  const read = await Promise.all([
    readGridSpec(grids),
    readCompareSpec(comparison),
    readStylesSpec(looks),
    readVariationsSpec(varied),
    readCompositionSpec(scenes),
    readCampaignSpec(launch),
  ]);
  expect(read.map(({ budgetUsd, organize }) => [budgetUsd, organize])).toEqual(Array(6).fill([1, '{index}']));
});
