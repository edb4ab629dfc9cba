import { batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { flagsIn } from '../flags/flags.ts';

const command = createCommand({
  name: 'calibrate',
  summary: commandTable.calibrate.help,
  inputs: [],
  flags: [
    // It reads no file but those of --input.
    ...flagsIn('requests', 'money').filter((name) => name !== 'allow-files'),
    ...(['timeout', 'follow', 'out', 'dry-run'] as const),
    ...(['simulate', 'provider', 'base-url', 'refresh-models', 'json', 'no-config', 'quiet'] as const),
  ],
  defaults: { model: 'black-forest-labs/flux-schnell' },
  examples: ['--simulate=5', '--model black-forest-labs/flux-dev --budget 0.10'],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, async (script) => {
  const { calibrate } = await import('../making/calibrate.ts');
  return calibrate(script);
});
