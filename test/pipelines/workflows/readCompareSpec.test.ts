import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { compareGrid, readCompareSpec, withModels } from '../../../src/pipelines/workflows/compare.ts';
import type { Grid } from '../../../src/pipelines/workflows/grid/cells.ts';
import { readStylesSpec, stylesGrid } from '../../../src/pipelines/workflows/styles.ts';
import { contextOf } from '../../helpers/contextOf.ts';
import { tempFile } from '../../helpers/tempFile.ts';

const compare = async (text: string) => readCompareSpec(await tempFile('c.yaml', text));
const styles = async (text: string) => readStylesSpec(await tempFile('s.yaml', text));

it('gives every model the same seed, unless the spec turns it off', async () => {
  const spec = await compare(
    'prompts: [a pear, { name: fig, prompt: a ripe fig }]\nmodels: [o/a, o/b, o/a]\n',
  );
  const grid = compareGrid(spec);
  expect(grid.input).toEqual({ seed: 1 });
  expect(grid.axes.map(({ name, values }) => [name, values.map(({ tags }) => tags[name])])).toEqual([
    ['prompt', ['a-pear', 'fig']],
    ['model', ['a', 'b']],
  ]);
  expect(compareGrid({ ...spec, seed: 7 }).input).toEqual({ seed: 7 });
  expect(compareGrid({ ...spec, seed: 'none' }).input).toEqual({});
});

it('calls models by their own names', async () => {
  const spec = await compare('prompts: [a]\nmodels: [{ name: fast, model: o/a }, o/b]\n');
  expect(spec.models).toEqual([
    { name: 'fast', model: 'o/a' },
    { name: null, model: 'o/b' },
  ]);
  const tags = (grid: Grid) => grid.axes[1]?.values.map((value) => value.tags.model);
  expect(tags(compareGrid(spec))).toEqual(['fast', 'b']);
  const given = withModels(spec, [{ name: 'good', model: 'o/c' }]);
  expect(tags(compareGrid(given))).toEqual(['good']);
  const twice = [
    { name: 'x', model: 'o/a' },
    { name: 'x', model: 'o/b' },
  ];
  expect(() => withModels(spec, twice)).toThrow('Expected each name of a model once, got x twice');
  expect(withModels(spec, [])).toBe(spec);
});

it.each([
  ['promts: [a]\n', 'line 1: promts: Unknown key; did you mean prompts?'],
  [
    'prompts: [a, A]\nmodels: [flux]\n',
    'line 2: models[0]: Expected owner/name, owner/name:version or deployments/owner/name, got "flux"',
  ],
  ['prompts: []\n', 'prompts: Expected at least one prompt'],
  ['prompts: [a, A]\n', 'prompts[1]: Expected each name once, got a twice'],
  [
    'prompts: [a]\nmodels: [{ name: x, model: o/a }, { name: x, model: o/b }]\n',
    'line 2: models[1]: Expected each name once, got x twice',
  ],
  ['prompts: [a]\nmodels: [{ name: x, modl: o/a }]\n', 'models[0].modl: Unknown key; did you mean model?'],
])('names the fault in %j', async (text, message) => {
  await expect(compare(text)).rejects.toThrow(message);
});

it('names styles by letters, and puts their pictures into the input that the model has', async () => {
  const spec = await styles('prompts: [a pear]\nstyles: [a.png, { name: Fauve, picture: b.png }, c.png]\n');
  expect(spec.styles.map(({ name }) => name)).toEqual(['A', 'Fauve', 'C']);
  const schema = {
    required: [],
    properties: { image_input: { type: 'array', items: { type: 'string', format: 'uri' } } },
  } as const;
  const [, variants] = stylesGrid(spec, [contextOf({ schema })]).axes;
  expect(variants?.values[1]).toEqual({
    tags: { variant: 'Fauve' },
    words: {},
    input: { image_input: ['b.png'] },
  });
  expect(() => stylesGrid(spec, [contextOf({ schema: { required: [], properties: {} } })])).toThrow(
    'Expected a model that takes a picture',
  );
});

it('wants two styles at least, of different names', async () => {
  await expect(styles('prompts: [a]\nstyles: [a.png]\n')).rejects.toThrow('Expected at least two styles');
  const twice = 'prompts: [a]\nstyles: [{ name: A, picture: a }, { name: A, picture: b }]\n';
  await expect(styles(twice)).rejects.toThrow('styles[1]: Expected each name once, got A twice');
});

it('reads the examples', async () => {
  expect((await readCompareSpec(resolve('examples/model-shootout.yaml'))).models).toHaveLength(4);
  expect((await readStylesSpec(resolve('examples/cover-styles.yaml'))).styles).toHaveLength(3);
});
