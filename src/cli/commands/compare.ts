import { batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'compare',
  summary: commandTable.compare.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with prompts and models' }],
  comparesModels: true,
  examples: [
    'examples/model-shootout.yaml --simulate=5',
    'spec.yaml --dry-run',
    'spec.yaml --model black-forest-labs/flux-dev --model qwen/qwen-image',
    'spec.yaml --model fast=black-forest-labs/flux-schnell --model good=google/imagen-4',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, async (script) => {
  const { compare } = await import('../making/compare.ts');
  return compare(script);
});
