// Compares several models on the same prompts: images side by side, times and cost.
import { lastValueFrom } from 'rxjs';
import packageJson from '../package.json' with { type: 'json' };
import { isSimulated } from '../src/base/service.ts';
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { startGrid } from '../src/cli/batch/startGrid.ts';
import { comparisonTable, SIMULATED_FIGURES } from '../src/cli/display/tables.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { UsageError } from '../src/errors.ts';
import { identifyService } from '../src/pipelines/run/folder/enterFolder.ts';
import { compareGrid, compareModels, readCompareSpec } from '../src/pipelines/workflows/compare.ts';
import { compareOutcomes } from '../src/sinks/comparison/comparison.ts';
import { manifestOutcomes } from '../src/sinks/manifest/manifest.ts';

const command = createCommand({
  name: 'compare',
  summary:
    'Makes each prompt with each model, with the same seed if the model takes one, and compares images, times and cost.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompts and models' }],
  comparesModels: true,
  examples: [
    'compare.ts examples/model-shootout.yaml --simulate=5',
    'compare.ts spec.yaml --dry-run',
    'compare.ts spec.yaml --model black-forest-labs/flux-dev --model qwen/qwen-image',
  ],
});

await runBatchScript(command, async (script) => {
  const [specPath = ''] = script.inputs;
  const { flags, io } = script;
  const read = await readCompareSpec(specPath, flags);
  const given = flags.models.map(({ model, version }) => (version === null ? model : `${model}:${version}`));
  const spec = { ...read, models: given.length > 0 ? [...new Set(given)] : read.models };
  if (spec.models.length === 0) {
    throw new UsageError(`${specPath}: Expected models to compare, got none`, {
      suggestion: 'List them under models:, or give --model for each.',
    });
  }
  let folder = '';
  const code = await startGrid(
    {
      spec,
      specPath,
      defaultModel: spec.models[0] ?? '',
      models: spec.models,
      gridOf: () => compareGrid(spec),
      run: (contexts, settings) => compareModels(spec, contexts, settings),
      onFolder: (chosen) => {
        folder = chosen;
      },
    },
    // The models are on the grid's axis now.
    { ...script, flags: { ...flags, models: [] } },
  );
  if (!flags.dryRun && !flags.json && !flags.quiet) {
    const isReal = !isSimulated(await lastValueFrom(identifyService(script.service)));
    if (!isReal) io.stderr.write(SIMULATED_FIGURES);
    io.stderr.write(comparisonTable(await compareOutcomes(manifestOutcomes(folder))));
  }
  return code;
});
