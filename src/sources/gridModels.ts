import { UsageError } from '../errors.ts';
import type { Grid } from './Grid.ts';
import type { JobContext } from './JobContext.ts';

/** The contexts of the models that a grid's cells have: of all on its axis, or of the only one. */
export function gridModels({ axes }: Pick<Grid, 'axes'>, contexts: readonly JobContext[]): JobContext[] {
  const names = axes.flatMap(({ values }) => values.map(({ model }) => model));
  const models = [...new Set(names)].filter((name) => name !== undefined);
  if (models.length === 0) return contexts.slice(0, 1);
  return models.map((name) => {
    const context = contexts.find(
      ({ model, version }) => name === (version === null ? model : `${model}:${version}`),
    );
    if (context !== undefined) return context;
    throw new UsageError(`Expected what is known of each model of the grid, got nothing of ${name}`);
  });
}
