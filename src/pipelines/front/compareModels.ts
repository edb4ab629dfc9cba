import { UsageError } from '../../errors.ts';
import {
  type CompareFields,
  type CompareSpec,
  comparisonWorkflow,
  type ModelFields,
  withModels,
} from '../workflows/compare.ts';
import type { PlannedRun } from './imagesRun.ts';
import type { BatchOptions } from './options.ts';
import { expectRunOptions } from './planning/frontErrors.ts';
import { startGrid } from './startGrid.ts';

/** The options of `compareModels`. */
export interface CompareModelsOptions extends BatchOptions {
  /** Models in place of those of the spec: `owner/name`, or with a name of their own. */
  models?: readonly ModelFields[];
}

/**
 * Makes each prompt with each model, with the same seed if the model takes one. Writes
 * `comparison.json` (times, cost and image of each model, the fastest first),
 * `comparison-grid.jpg` and, for blind votes, `ab.html` before the run ends. A model as
 * `{ name: 'fast', model: 'owner/name' }` has that name in all of them, and in paths.
 *
 *     const run = compareModels({ prompts: ['a red fox'],
 *       models: ['black-forest-labs/flux-schnell', 'black-forest-labs/flux-dev'] },
 *       { to: 'out/ab', budgetUsd: 1 });
 *     const { totals } = await run;                       // 2 images
 *
 * `spec` and the run are as those of `campaign`.
 */
export function compareModels(spec: string | CompareFields, options: CompareModelsOptions): PlannedRun {
  expectRunOptions(options);
  const { models: given = [] } = options;
  const change = (read: CompareSpec): CompareSpec => {
    const own = given.map((each) => (typeof each === 'string' ? { name: null, model: each } : each));
    const changed = withModels(read, own);
    if (changed.models.length > 0) return changed;
    throw new UsageError('Expected models to compare, got none', {
      suggestion: "Give them as models: ['owner/one', 'owner/other'].",
    });
  };
  return startGrid(comparisonWorkflow, spec, options, { adds: ['models'], change });
}
