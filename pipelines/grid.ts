// Makes an image of each combination of values: words of the prompt, model inputs, models.
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { startGrid } from '../src/cli/batch/startGrid.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { grid } from '../src/pipelines/workflows/grid/grid.ts';
import { readGridSpec } from '../src/pipelines/workflows/grid/spec.ts';

const command = createCommand({
  name: 'grid',
  summary:
    'Makes an image of each combination of values: words of the prompt, model inputs, models. If you add values and run it again, only the new combinations are made.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompt and axes' }],
  examples: [
    'grid.ts examples/teapots.yaml --simulate=5',
    'grid.ts spec.yaml --dry-run',
    'grid.ts spec.yaml --limit 12 --budget 1',
  ],
});

await runBatchScript(command, async (script) => {
  const [specPath = ''] = script.inputs;
  const spec = await readGridSpec(specPath, script.flags);
  const models = spec.axes.flatMap(({ values }) => values.flatMap(({ model }) => model ?? []));
  return startGrid(
    {
      spec,
      specPath,
      defaultModel: 'black-forest-labs/flux-schnell',
      models: [...new Set(models)],
      gridOf: () => spec,
      run: (contexts, settings) => grid(spec, contexts, settings),
    },
    script,
  );
});
