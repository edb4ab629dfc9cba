// Makes the same prompts in the styles of several reference pictures, side by side.
import packageJson from '../package.json' with { type: 'json' };
import { runBatchScript } from '../src/cli/batch/batchScript.ts';
import { startGrid } from '../src/cli/batch/startGrid.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { readStylesSpec, styles, stylesGrid } from '../src/pipelines/workflows/styles.ts';

const command = createCommand({
  name: 'styles',
  summary:
    'Makes the same prompts in several styles, each from a reference picture: variants A, B, C, …, side by side.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompts and styles' }],
  examples: ['styles.ts examples/cover-styles.yaml --simulate=5', 'styles.ts spec.yaml --dry-run'],
});

await runBatchScript(command, async (script) => {
  const [specPath = ''] = script.inputs;
  const spec = await readStylesSpec(specPath, script.flags);
  return startGrid(
    {
      spec,
      specPath,
      defaultModel: 'google/nano-banana',
      gridOf: (contexts) => stylesGrid(spec, contexts),
      run: (contexts, settings) => styles(spec, contexts, settings),
    },
    script,
  );
});
