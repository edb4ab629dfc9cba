import type { ModelSchema } from '../types.ts';
import type { Grid, GridAxis } from './Grid.ts';
import { gridAxes } from './gridAxes.ts';
import { gridAxis } from './gridAxis.ts';
import type { JobContext } from './JobContext.ts';
import { pictureInput } from './pictureInput.ts';
import { promptTemplate } from './promptTemplate.ts';
import { strengthInput } from './strengthInput.ts';
import type { VariationsSpec } from './VariationsSpec.ts';

/**
 * Variations of a picture as a grid: the variations, how far they go where there are several strengths, and the alternatives
 * of the prompt. The picture is given by the input that the model has for it. Throws `UsageError` where it has none.
 */
export function variationsGrid(spec: VariationsSpec, contexts: readonly JobContext[]): Grid {
  const schema = contexts[0]?.schema ?? null;
  const { strengths, reference, renditions, max } = spec;
  const prompt = /\{variation\}/.test(spec.prompt) ? spec.prompt : `${spec.prompt}, {variation}`;
  const picture = pictureInput(schema, 1);
  const [strength] = strengths;
  const always = strength === undefined || strengths.length > 1 ? {} : { [strengthInput(schema)]: strength };
  return {
    prompt: promptTemplate(prompt).prompt,
    input: { [picture.name]: picture.valueOf(reference), ...always, ...spec.input },
    inputPlaces: {
      [picture.name]: 'reference',
      ...(strength === undefined ? {} : { [strengthInput(schema)]: 'strength' }),
    },
    axes: [variationAxis(spec), ...strengthAxis(spec, schema), ...gridAxes({ prompt })],
    renditions,
    max,
  };
}

function variationAxis({ variations }: VariationsSpec): GridAxis {
  const values = variations.map(({ name, prompt }) => ({ name, value: prompt }));
  return gridAxis({ name: 'variation', place: 'variations', values, isWord: true });
}

function strengthAxis({ strengths }: VariationsSpec, schema: ModelSchema | null): GridAxis[] {
  if (strengths.length < 2) return [];
  const values = strengths.map((value) => ({ name: null, value }));
  return [gridAxis({ name: strengthInput(schema), place: 'strength', values, isWord: false })];
}
