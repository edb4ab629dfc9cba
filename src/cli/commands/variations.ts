import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'variations',
  summary: commandTable.variations.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with reference, prompt and variations' }],
  examples: [
    'examples/lighthouse-variations.yaml --simulate=5',
    'spec.yaml --dry-run',
    'spec.yaml --count 3 --budget 2',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, variationsCommand);

/** Makes variations of a reference picture. Resolves with the exit code. */
async function variationsCommand(script: BatchScriptContext): Promise<number> {
  const { startGrid } = await import('../batch/startGrid.ts');
  const { variationsWorkflow } = await import('../../pipelines/workflows/variations.ts');
  return startGrid(variationsWorkflow, script);
}
