import { type BatchScriptContext, batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'styles',
  summary: commandTable.styles.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompts and styles' }],
  examples: ['examples/cover-styles.yaml --simulate=5', 'spec.yaml --dry-run'],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, stylesCommand);

/**
 * Makes the same prompts in the styles of several reference pictures, side by side. Resolves with
 * the exit code.
 */
async function stylesCommand(script: BatchScriptContext): Promise<number> {
  const { startGrid } = await import('../batch/startGrid.ts');
  const { stylesWorkflow } = await import('../../pipelines/workflows/styles.ts');
  return startGrid(stylesWorkflow, script);
}
