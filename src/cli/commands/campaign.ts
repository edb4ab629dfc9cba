import { batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const command = createCommand({
  name: 'campaign',
  summary: commandTable.campaign.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with theme, platforms and variations' }],
  examples: [
    'examples/summer-launch.yaml --simulate',
    'spec.yaml --dry-run',
    'spec.yaml --count 3 --budget 10',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, async (script) => {
  const { campaignCommand } = await import('../making/campaign.ts');
  return campaignCommand(script);
});
