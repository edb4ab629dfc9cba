import { lastValueFrom } from 'rxjs';
import { isSimulated } from '../../base/service.ts';
import { UsageError } from '../../errors.ts';
import { identifyService } from '../../pipelines/run/folder/enterFolder.ts';
import { type CompareSpec, comparisonWorkflow, withModels } from '../../pipelines/workflows/compare.ts';
import { compareOutcomes } from '../../sinks/comparison/comparison.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import type { BatchScriptContext } from '../batch/batchScript.ts';
import { startGrid } from '../batch/startGrid.ts';
import { comparisonTable, SIMULATED_FIGURES } from '../display/tables.ts';

/**
 * Compares several models on the same prompts: images side by side, times and cost. Resolves with
 * the exit code.
 */
export async function compare(script: BatchScriptContext): Promise<number> {
  const [specPath = ''] = script.inputs;
  const { flags, io } = script;
  const given = flags.models.map(({ name, model, version }) => ({
    name,
    model: version === null ? model : `${model}:${version}`,
  }));
  const change = (read: CompareSpec): CompareSpec => {
    const changed = withModels(read, given);
    if (changed.models.length > 0) return changed;
    throw new UsageError(`${specPath}: Expected models to compare, got none`, {
      suggestion: 'List them under models:, or give --model for each.',
    });
  };
  let folder = '';
  const code = await startGrid(
    comparisonWorkflow,
    // The models are on the grid's axis now.
    { ...script, flags: { ...flags, models: [] } },
    {
      change,
      onFolder: (chosen) => {
        folder = chosen;
      },
    },
  );
  if (!flags.dryRun && !flags.json && !flags.quiet) {
    const isReal = !isSimulated(await lastValueFrom(identifyService(script.service)));
    if (!isReal) io.stderr.write(SIMULATED_FIGURES);
    io.stderr.write(comparisonTable(await compareOutcomes(manifestOutcomes(folder))));
  }
  return code;
}
