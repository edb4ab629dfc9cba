import { batchCommand } from '../batch/batchScript.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';
import { flagsOfAll } from '../flags/flags.ts';

const command = createCommand({
  name: 'generate',
  summary: commandTable.generate.help,
  inputs: [
    {
      name: 'INPUT',
      help: '.txt, .csv, .tsv, .xlsx, .jsonl, .json or .yaml file of prompts; - for standard input',
      unless: 'prompt',
    },
  ],
  flags: [...flagsOfAll, 'prompt'],
  defaults: { model: 'black-forest-labs/flux-schnell' },
  examples: [
    'examples/prompts.jsonl --simulate',
    'prompts.csv --model black-forest-labs/flux-dev --dry-run',
    'prompts.txt --count 4 --rendition instagram_post --budget 5',
    "--prompt 'a red fox asleep in fresh snow' --count 4 --open",
    "shop.csv --prompt 'photo of {name}, {colour}'",
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = batchCommand(command, async (script) => {
  const { generate } = await import('../making/generate.ts');
  return generate(script);
});
