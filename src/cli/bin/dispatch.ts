import { Command } from 'commander';
import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import { packageVersion } from '../display/commandLine.ts';
import { type CommandName, summaries } from '../flags/summaries.ts';
import { runScript } from '../script/runScript.ts';
import { commands } from './commands.ts';

/**
 * Runs the command that the first word names, with the words after it. Prints the list of commands
 * if there is no word, or for `help` and `--help`.
 */
export async function dispatch(argv: readonly string[]): Promise<void> {
  const [word = '--help', ...rest] = argv;
  const [topic] = rest;
  if (isCommand(word)) return runCommand(word, rest);
  if (word === 'help' && topic !== undefined && isCommand(topic)) return runCommand(topic, ['--help']);
  const unknown = word === 'help' ? topic : word;
  await runScript(async (_argv, { stdout }) => {
    stdout.write(textFor(unknown));
    return 0;
  });
}

async function runCommand(name: CommandName, argv: readonly string[]): Promise<void> {
  const { run } = await commands[name]();
  await run(argv);
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

function textFor(word = '--help'): string {
  if (word === '--version') return `${packageVersion()}\n`;
  if (word === '--help' || word === '-h') return commandList();
  const meant = nearestName(word, Object.keys(commands));
  throw new UsageError(`Expected a command, got \`${word}\``, {
    suggestion:
      meant === null
        ? 'See `npx rxposure --help` for the commands.'
        : `Did you mean \`npx rxposure ${meant}\`?`,
  });
}

function commandList(): string {
  const list = new Command('npx rxposure')
    .usage('COMMAND [flags]')
    .description('Batch image generation on Replicate. It never pays twice, it never loses an output.')
    .configureOutput({ getOutHelpWidth: () => 80 })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this list; after a command, its flags')
    .helpCommand(false);
  for (const [name, summary] of Object.entries(summaries)) list.command(name).description(summary);
  return list.helpInformation();
}
