import { Command } from 'commander';
import { nearestName } from '../../base/suggest.ts';
import { isSource } from '../../disk/ownProgram.ts';
import { packageVersion } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { isFileName, wordsFor } from '../batch/rightCommand.ts';
import { commandLine } from '../display/commandLine.ts';
import { type CommandName, commandTable, isCommand } from '../flags/commandTable.ts';
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
    stdout.write(await textFor(unknown, rest));
    return 0;
  });
}

async function runCommand(name: CommandName, argv: readonly string[]): Promise<void> {
  const { run } = await commands[name]();
  await run(argv);
}

async function textFor(word = '--help', rest: readonly string[] = []): Promise<string> {
  if (word === '--version') return `${packageVersion()}\n`;
  if (word === '--help' || word === '-h') return commandList();
  throw new UsageError(`Expected a command, got \`${word}\``, { suggestion: await meant(word, rest) });
}

/** Returns a suggestion for a word that is no command. */
async function meant(word: string, rest: readonly string[]): Promise<string> {
  if (isFileName(word)) {
    const words = await wordsFor(word);
    if (words !== null) return `Did you mean \`${[words, ...rest].join(' ')}\`?`;
  }
  const name = nearestName(word, Object.keys(commandTable));
  return name === null
    ? `See \`${commandLine('', '--help')}\` for the commands.`
    : `Did you mean \`${commandLine(name)}\`?`;
}

const examples = isSource
  ? ['generate examples/prompts.jsonl --simulate', 'campaign examples/summer-launch.yaml --simulate']
  : ['init campaign', 'generate prompts.txt --simulate'];

const epilogue = `
Begin here, at no cost, on the simulator:
${examples.map((words) => `  ${start()} ${words}`).join('\n')}

With a token in REPLICATE_API_TOKEN, leave out --simulate. The same command
again makes only missing images. \`COMMAND --help\` lists the flags of a command.
`;

function start(): string {
  return commandLine('').replace(/ $/, '');
}

function commandList(): string {
  const list = new Command(start())
    .usage('COMMAND [flags]')
    .description('Batch image generation on Replicate. It never pays twice, it never loses an output.')
    .configureOutput({ getOutHelpWidth: () => 80 })
    .configureHelp({ subcommandTerm: (command) => command.name(), visibleOptions: () => [] })
    .version(packageVersion(), '--version', 'print the version')
    .helpCommand(false);
  for (const [name, { heading, takes, line }] of Object.entries(commandTable)) {
    list.addCommand(new Command(`${name} ${takes}`.trimEnd()).description(line).helpGroup(heading));
  }
  return `${list.helpInformation()}${epilogue}`;
}
