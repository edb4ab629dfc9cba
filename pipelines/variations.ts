// Makes variations of a reference picture.
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { startGrid } from '../src/cli/batch/startGrid.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { readVariationsSpec, variations, variationsGrid } from '../src/pipelines/workflows/variations.ts';

const command = createCommand({
  name: 'variations',
  summary: 'Makes variations of a reference picture, as close to it or as far from it as you like.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with reference, prompt and variations' }],
  examples: [
    'variations.ts examples/lighthouse-variations.yaml --simulate=5',
    'variations.ts spec.yaml --dry-run',
    'variations.ts spec.yaml --count 3 --budget 2',
  ],
});

await runBatchScript(command, async (script) => {
  const [specPath = ''] = script.inputs;
  const spec = await readVariationsSpec(specPath, script.flags);
  return startGrid(
    {
      spec,
      specPath,
      defaultModel: 'black-forest-labs/flux-dev',
      gridOf: (contexts) => variationsGrid(spec, contexts),
      run: (contexts, settings) => variations(spec, contexts, settings),
    },
    script,
  );
});
