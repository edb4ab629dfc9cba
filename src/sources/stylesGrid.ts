import type { Grid, GridAxis } from './Grid.ts';
import { gridAxis } from './gridAxis.ts';
import type { JobContext } from './JobContext.ts';
import { pictureInput } from './pictureInput.ts';
import type { StylesSpec } from './StylesSpec.ts';

/**
 * Prompts in several styles as a grid: each prompt with each reference picture, given by the input that the model has for it. Throws
 * `UsageError` where it has none.
 */
export function stylesGrid(spec: StylesSpec, contexts: readonly JobContext[]): Grid {
  const picture = pictureInput(contexts[0]?.schema ?? null, 1);
  const words = spec.prompts.map((prompt) => ({ name: prompt.name, value: prompt.prompt }));
  const variants: GridAxis = {
    name: 'variant',
    place: 'styles',
    values: spec.styles.map((style) => ({
      tags: { variant: style.name },
      words: {},
      input: { [picture.name]: picture.valueOf(style.picture) },
    })),
  };
  return {
    prompt: '{prompt}',
    input: spec.input,
    axes: [gridAxis({ name: 'prompt', place: 'prompts', values: words, isWord: true }), variants],
    renditions: spec.renditions,
    max: spec.max,
  };
}
