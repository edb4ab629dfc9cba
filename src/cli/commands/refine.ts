import { batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { flagsIn } from '../flags/flags.ts';

const command = createCommand({
  name: 'refine',
  summary: commandTable.refine.help,
  inputs: [
    { name: 'SPEC', help: '.yaml or .json file with prompt, candidates, keep, children, rounds and score' },
  ],
  flags: [
    ...flagsIn(
      'requests',
      'money',
      'pace',
      'strategy',
      'folder',
      'images',
      'tables',
      'service',
      'output',
      'hooks',
    ),
    ...(['breaker', 'picks', 'dry-run'] as const),
  ],
  examples: [
    'examples/night-harbour.yaml --simulate=5',
    'spec.yaml --dry-run',
    'spec.yaml --budget 2 --concurrency 4',
    'spec.yaml --picks picks.json',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, async (script) => {
  const { refine } = await import('../making/refine.ts');
  return refine(script);
});
