import type { CompareSpec } from './CompareSpec.ts';
import type { Grid } from './Grid.ts';
import { gridAxis } from './gridAxis.ts';

/** With equal ones models show what they make of the same start, as far as that can be said of different models. */
const SEED = 1;

/** A comparison as a grid: prompts, each by every model, with the same seed where the model has one. */
export function compareGrid({ prompts, models, input, seed, renditions }: CompareSpec): Grid {
  const sameSeed = typeof seed === 'number' ? seed : SEED;
  const words = prompts.map(({ name, prompt }) => ({ name, value: prompt }));
  const names = models.map((value) => ({ name: null, value }));
  return {
    prompt: '{prompt}',
    input: seed === 'none' ? input : { seed: sameSeed, ...input },
    axes: [
      gridAxis({ name: 'prompt', place: 'prompts', values: words, isWord: true }),
      gridAxis({ name: 'model', place: 'models', values: names, isWord: false }),
    ],
    renditions,
    max: null,
  };
}
