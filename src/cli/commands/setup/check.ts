import { UsageError } from '../../../errors.ts';
import { commandFor } from '../../batch/rightCommand.ts';
import { commandLine, shellWord } from '../../display/commandLine.ts';
import { type CommandOption, commonOptions, tableOption } from '../../flags/commandOption.ts';
import { commandTable, type RunCommand } from '../../flags/commandTable.ts';
import { flagsOfAll } from '../../flags/flags.ts';
import { flagTable } from '../../flags/flagTable.ts';
import { runScript } from '../../script/runScript.ts';
import { type Maker, makers } from '../makers.ts';

/**
 * Runs the command for the arguments after its name: the command that makes images from this file,
 * with `--dry-run`.
 */
export const run: RunCommand = Object.assign(check, { options });

async function check(argv: readonly string[]): Promise<void> {
  const input = argv.find((word) => !word.startsWith('-'));
  if (input === undefined || argv.includes('--help') || argv.includes('-h')) {
    return runScript(async (_argv, { stdout }) => {
      if (argv.length > 0) stdout.write(HELP);
      else throw missing('nothing');
      return 0;
    });
  }
  const found = await commandFor(input);
  // A broken spec names no workflow, so the reader of prompts reports its mistakes.
  const name: Maker = found !== null && isMaker(found) ? found : 'generate';
  const { run: make } = await makers[name]();
  await make([...argv, '--dry-run']);
  const isPlain = !argv.includes('--json') && process.exitCode === 0;
  if (isPlain) process.stdout.write(`To start: ${commandLine(name, argv.map(shellWord).join(' '))}\n`);
}

/** Returns the flags that commands that make images have in common. */
function options(): CommandOption[] {
  const shared = flagTable.filter(({ name }) => flagsOfAll.includes(name));
  return [...shared.map((flag) => tableOption(flag)), ...commonOptions];
}

function isMaker(name: string): name is Maker {
  return Object.hasOwn(makers, name);
}

function missing(got: string): UsageError {
  return new UsageError(`Expected a prompt file or a spec, got ${got}`, {
    suggestion: `Name the file: \`${commandLine('check', 'spec.yaml')}\`.`,
  });
}

const HELP = `Usage: ${commandLine('check', 'FILE [flags]')}

${commandTable.check.help}
It takes the flags of the command that makes the images.

Examples:
  ${commandLine('check', 'prompts.csv --model black-forest-labs/flux-dev')}
  ${commandLine('check', 'campaign.yaml --count 3')}
`;
