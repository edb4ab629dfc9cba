import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { concat, defer, lastValueFrom, type Observable } from 'rxjs';
import { expect, it } from 'vitest';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import {
  compositionGrid,
  readCompositionSpec,
  runCompositions,
} from '../../../src/pipelines/workflows/compose.ts';
import { openGrid } from '../../../src/pipelines/workflows/grid/growth.ts';
import {
  readVariationsSpec,
  runVariations,
  variationsGrid,
} from '../../../src/pipelines/workflows/variations.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { JobContext } from '../../../src/sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../../src/sources/planning/planJobs.ts';
import type { Outcome } from '../../../src/types.ts';
import { contextOf } from '../../helpers/contextOf.ts';
import { simulated } from '../../helpers/simulated.ts';
import { tempFile, tempFolder } from '../../helpers/tempFile.ts';

/** Runs a batch with a model as the simulator has it, and returns its results. */
async function madeWith(
  model: string,
  specPath: string,
  run: (contexts: readonly JobContext[], settings: RunSettings & PlanJobsConfig) => Observable<FinishedRun>,
) {
  const simulator = await simulated({ render: 'fast', speed: 200 });
  const provider = createReplicateProvider({ token: simulator.token, baseUrl: simulator.baseUrl });
  const { schema } = await lastValueFrom(provider.getModel(model, null));
  const folder = await tempFolder();
  const context = contextOf({ model, schema, seed: 'auto', folder: dirname(specPath) });
  const settings = {
    folder,
    provider,
    gallery: false,
    organize: '{index:04}',
    date: '2026-11-23',
    priceOf: () => 1,
  };
  const end = await lastValueFrom(run([context], settings));
  const { outcomes }: { outcomes: Outcome[] } = JSON.parse(
    await readFile(join(folder, 'manifest.json'), 'utf8'),
  );
  return { end, outcomes, simulator };
}

it('varies a picture through the input that the model has for it, and uploads it once', async () => {
  const path = resolve('examples/lighthouse-variations.yaml');
  const spec = await readVariationsSpec(path);
  const { end, outcomes, simulator } = await madeWith(
    'black-forest-labs/flux-dev',
    path,
    (contexts, settings) => runVariations(spec, contexts, settings),
  );
  expect(end.totals).toMatchObject({ total: 12, saved: 12 });
  expect(simulator.stats().requests.file).toBe(1);
  expect(outcomes[1]).toMatchObject({
    prompt:
      'the lighthouse on its headland, flat poster illustration, in thin spring fog at sunrise, gulls low over the water',
    input: { image: 'images/lighthouse.webp', prompt_strength: 0.75 },
    tags: { variation: 'spring-fog', prompt_strength: '0.75' },
  });
});

it('composes each product with each background, and uploads each picture once', async () => {
  const path = resolve('examples/outdoor-scenes.yaml');
  const spec = await readCompositionSpec(path);
  const { end, outcomes, simulator } = await madeWith('google/nano-banana', path, (contexts, settings) =>
    runCompositions(spec, contexts, settings),
  );
  expect(end.totals).toMatchObject({ total: 9, saved: 9 });
  expect(simulator.stats().requests.file).toBe(6);
  expect(outcomes[5]).toMatchObject({
    input: {
      image_input: ['images/mug.webp', 'images/dunes.webp'],
      aspect_ratio: 'match_input_image',
    },
    tags: { product: 'mug', background: 'dunes' },
  });
  expect(outcomes[5]?.prompt).toContain('the orange enamel mug of the first picture');
});

it('makes only the new variations of the same picture, and all of another picture', async () => {
  const specPath = await tempFile('v.yaml', 'reference: ref.svg\nprompt: a\nvariations: [b, c]');
  const picture = join(dirname(specPath), 'ref.svg');
  await writeFile(picture, '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const spec = await readVariationsSpec(specPath);
  const more = { ...spec, variations: [...spec.variations, { name: 'd', prompt: 'd' }] };
  const { end, outcomes, simulator } = await madeWith(
    'black-forest-labs/flux-dev',
    specPath,
    (contexts, settings) =>
      concat(
        runVariations(spec, contexts, settings),
        runVariations(more, contexts, settings),
        defer(async () => {
          await writeFile(picture, '<svg xmlns="http://www.w3.org/2000/svg" width="1"/>');
          return lastValueFrom(runVariations(more, contexts, settings));
        }),
      ),
  );
  expect(end.totals).toMatchObject({ total: 3, saved: 3, alreadySaved: 0 });
  expect(outcomes.map(({ tags }) => tags.variation)).toEqual(['b', 'c', 'd']);
  expect(simulator.stats().created).toBe(3 + 3);
});

it('lists all missing files and refused values, each with its path in the spec', async () => {
  const uri = { type: 'string', format: 'uri' } as const;
  const list = { type: 'array', items: uri } as const;
  const steps = { type: 'integer', minimum: 1, maximum: 9 } as const;
  const properties = {
    prompt: { type: 'string' },
    image: uri,
    steps,
    prompt_strength: { type: 'number' },
  } as const;
  const one = contextOf({ schema: { required: [], properties }, folder: '/none' });
  const yaml = 'reference: a.png\nprompt: a\nvariations: [b]\ninput: { steps: 10, stepps: 3 }';
  const spec = await readVariationsSpec(await tempFile('v.yaml', yaml));
  await expect(openGrid(variationsGrid(spec, [one]), [one], '/none')).rejects.toThrow(
    new RegExp(
      [
        '^Found 3 mistakes in the inputs:',
        '  reference: `image`: Expected a file at \\/none\\/a.png, got none. Check the path, or give a URL.',
        '  input: Expected `steps` to be an integer of 1 to 9, got 10.',
        '  input: Expected an input of .*, got `stepps`; .* Did you mean `steps`\\?$',
      ].join('\n'),
    ),
  );
  const two = contextOf({
    schema: { required: [], properties: { prompt: { type: 'string' }, image_input: list } },
    folder: '/none',
  });
  const pair = 'products: [a.png, b.png]\nbackgrounds: [c.png]';
  const grid = compositionGrid(await readCompositionSpec(await tempFile('c.yaml', pair)), [two]);
  await expect(openGrid(grid, [two], '/none')).rejects.toThrow(
    /3 mistakes in the inputs:\n {2}products: .*a\.png.*\n {2}products: .*b\.png.*\n {2}backgrounds: .*c\.png/,
  );
});

it('names inputs that a model does not take', async () => {
  const yaml = 'reference: a.png\nprompt: a\nvariations: [b]\nstrength: 0.5';
  const spec = await readVariationsSpec(await tempFile('v.yaml', yaml));
  const settings = { folder: '/none' } as RunSettings & PlanJobsConfig;
  expect(() => runVariations(spec, [contextOf()], settings)).toThrow('Expected a model that takes a picture');
  const uri = { type: 'string', format: 'uri' } as const;
  const schema = {
    required: [],
    properties: { prompt: { type: 'string' }, mask_image: uri, image: uri },
  } as const;
  expect(() => runVariations(spec, [contextOf({ schema })], settings)).toThrow(
    'strength: Expected a model with',
  );
  const pair = await readCompositionSpec(await tempFile('c.yaml', 'products: [a.png]\nbackgrounds: [b.png]'));
  expect(() => runCompositions(pair, [contextOf({ schema })], settings)).toThrow(
    'Expected a model that takes several pictures',
  );
});

it.each([
  ['refernce: a.png\nprompt: a\nvariations: [b]', 'refernce: Unknown key; did you mean reference?'],
  [
    'reference: a.png\nprompt: a {mood}\nvariations: [b]',
    'prompt: Expected only {variation} and alternatives',
  ],
  ['reference: a.png\nprompt: a\nvariations: []', 'variations: Expected at least one variation'],
  ['reference: a.png\nprompt: a\nvariations: [b]\nstrength: 2', 'strength: Expected at most 1, got 2'],
])('refuses a spec of variations: %j', async (yaml, message) => {
  await expect(readVariationsSpec(await tempFile('v.yaml', yaml))).rejects.toThrow(message);
});

it.each([
  ['products: [a.png]\nbackground: [b.png]', 'background: Unknown key; did you mean backgrounds?'],
  ['products: [a.png, x/a.png]\nbackgrounds: [b.png]', 'products[1]: Expected each name once, got a twice'],
  [
    'products: [a.png]\nbackgrounds: [b.png]\nprompt: "{produkt}"',
    'prompt: Expected only {product}, {background} and alternatives',
  ],
])('refuses a spec of compositions: %j', async (yaml, message) => {
  await expect(readCompositionSpec(await tempFile('c.yaml', yaml))).rejects.toThrow(message);
});
