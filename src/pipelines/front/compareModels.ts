import { UsageError } from '../../errors.ts';
import { type CompareFields, type CompareSpec, comparisonWorkflow } from '../workflows/compare.ts';
import type { ImagesRun } from './imagesRun.ts';
import type { BatchOptions } from './options.ts';
import { startGrid } from './startGrid.ts';

/** The options of `compareModels`. */
export interface CompareModelsOptions extends BatchOptions {
  /** Models in place of those of the spec. */
  models?: readonly string[];
}

/**
 * Makes each prompt with each model, with the same seed if the model takes one. Writes
 * `comparison.json` (times, cost and image of each model, the fastest first),
 * `comparison-grid.jpg` and, for blind votes, `ab.html` before the run ends.
 *
 *     const run = compareModels({ prompts: ['a red fox'],
 *       models: ['black-forest-labs/flux-schnell', 'black-forest-labs/flux-dev'] },
 *       { to: 'out/ab', budgetUsd: 1 });
 *     const { totals } = await run;                       // 2 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function compareModels(spec: string | CompareFields, options: CompareModelsOptions): ImagesRun {
  const { models: given = [] } = options;
  const change = (read: CompareSpec): CompareSpec => {
    const models = given.length > 0 ? [...new Set(given)] : read.models;
    if (models.length > 0) return { ...read, models };
    throw new UsageError('Expected models to compare, got none', {
      suggestion: "Give them as models: ['owner/one', 'owner/other'].",
    });
  };
  return startGrid(comparisonWorkflow, spec, options, { adds: ['models'], change });
}
