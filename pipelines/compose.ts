// Makes an image of each product in front of each background.
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { startGrid } from '../src/cli/batch/startGrid.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { compose, compositionGrid, readCompositionSpec } from '../src/pipelines/workflows/compose.ts';

const command = createCommand({
  name: 'compose',
  summary: 'Makes an image of each product in front of each background.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with products and backgrounds' }],
  examples: [
    'compose.ts examples/outdoor-scenes.yaml --simulate=5',
    'compose.ts spec.yaml --dry-run',
    'compose.ts spec.yaml --model bytedance/seedream-4 --budget 2',
  ],
});

await runBatchScript(command, async (script) => {
  const [specPath = ''] = script.inputs;
  const spec = await readCompositionSpec(specPath, script.flags);
  return startGrid(
    {
      spec,
      specPath,
      defaultModel: 'google/nano-banana',
      gridOf: (contexts) => compositionGrid(spec, contexts),
      run: (contexts, settings) => compose(spec, contexts, settings),
    },
    script,
  );
});
