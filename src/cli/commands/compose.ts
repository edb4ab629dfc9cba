import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'compose',
  summary: commandTable.compose.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with products and backgrounds' }],
  examples: [
    'examples/outdoor-scenes.yaml --simulate=5',
    'spec.yaml --dry-run',
    'spec.yaml --model bytedance/seedream-4 --budget 2',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, composeCommand);

/** Makes an image of each product in front of each background. Resolves with the exit code. */
async function composeCommand(script: BatchScriptContext): Promise<number> {
  const { startGrid } = await import('../batch/startGrid.ts');
  const { compositionsWorkflow } = await import('../../pipelines/workflows/compose.ts');
  return startGrid(compositionsWorkflow, script);
}
