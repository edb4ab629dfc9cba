import type { ModelInput } from '../types.ts';
import type { CompositionPicture, CompositionSpec } from './CompositionSpec.ts';
import type { Grid, GridAxis } from './Grid.ts';
import { gridAxes } from './gridAxes.ts';
import type { JobContext } from './JobContext.ts';
import { pictureInput } from './pictureInput.ts';
import { promptTemplate } from './promptTemplate.ts';

const asBackground = 'match_input_image';

/**
 * Compositions as a grid of products and backgrounds: both pictures go into the input that takes several, the product first,
 * and the result has the shape of what went in where the model offers that. Throws `UsageError` where the model takes no
 * two pictures.
 */
export function compositionGrid(spec: CompositionSpec, contexts: readonly JobContext[]): Grid {
  const schema = contexts[0]?.schema ?? null;
  const { prompt, products, backgrounds, renditions, max } = spec;
  const { name } = pictureInput(schema, 2);
  const choices = schema?.properties.aspect_ratio?.enum ?? [];
  const shape: ModelInput = choices.includes(asBackground) ? { aspect_ratio: asBackground } : {};
  return {
    prompt: promptTemplate(prompt).prompt,
    input: { ...shape, ...spec.input },
    axes: [
      pictureAxis('product', 'products', products, name),
      pictureAxis('background', 'backgrounds', backgrounds, name),
      ...gridAxes({ prompt }),
    ],
    renditions,
    max,
  };
}

function pictureAxis(
  axis: string,
  place: string,
  pictures: readonly CompositionPicture[],
  inputName: string,
): GridAxis {
  const values = pictures.map(({ name, image, prompt }) => ({
    tags: { [axis]: name },
    words: { [axis]: prompt },
    input: { [inputName]: [image] },
  }));
  return { name: axis, place, values };
}
