import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'grid',
  summary: commandTable.grid.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompt and axes' }],
  examples: ['examples/teapots.yaml --simulate=5', 'spec.yaml --dry-run', 'spec.yaml --limit 12 --budget 1'],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, gridCommand);

/**
 * Makes an image of each combination of values: words of the prompt, model inputs, models.
 * Resolves with the exit code.
 */
export async function gridCommand(script: BatchScriptContext): Promise<number> {
  const { startGrid } = await import('../batch/startGrid.ts');
  const { gridWorkflow } = await import('../../pipelines/workflows/grid/grid.ts');
  return startGrid(gridWorkflow, script);
}
