import { Command, CommanderError } from 'commander';
import { packageVersion } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { commandLine } from '../display/commandLine.ts';
import type { ScriptIo } from '../display/terminal.ts';
import { counted, quoted } from '../display/text.ts';
import { fittingError } from '../script/fittingHint.ts';
import { runScript } from '../script/runScript.ts';
import { commandLineError } from './commandLineFaults.ts';
import { commonOptions, declaredOptions } from './commandOption.ts';
import { type CommandName, commandTable, type RunCommand } from './commandTable.ts';

interface PlainCommandConfig<Options extends object> {
  name: CommandName;
  /** Adds arguments and options. */
  describe: (command: Command) => Command;
  /** Words that its input may be, for completion. Default: it is a file or a folder. */
  words?: readonly string[];
  /** Words after the command, for the help. */
  examples: readonly string[];
  /** Runs it; resolves with the exit code. */
  run: (inputs: readonly string[], options: Options, io: ScriptIo) => Promise<number>;
}

/**
 * Creates a command that makes no images, and so has none of their flags. Its errors are
 * `UsageError`s; `--help` and `--version` print and exit with 0.
 */
export function plainCommand<Options extends object>(config: PlainCommandConfig<Options>): RunCommand {
  const run = (argv: readonly string[]) =>
    runScript(async (_argv, io) => {
      const command = parsed(config, argv);
      if (typeof command === 'string') {
        io.stdout.write(command);
        return 0;
      }
      try {
        return await config.run(command.args, command.opts<Options>(), io);
      } catch (error) {
        throw fittingError(error, { hasOut: false });
      }
    });
  const options = () => [...declaredOptions(config.describe(new Command())), ...commonOptions];
  const { words } = config;
  return Object.assign(run, { options, ...(words === undefined ? {} : { words }) });
}

/** Parses the words of a command; returns the text to print for `--help` and `--version`. */
function parsed<Options extends object>(
  { name, describe, examples }: PlainCommandConfig<Options>,
  argv: readonly string[],
): Command | string {
  let text = '';
  const lines = examples.map((words) => `  ${commandLine(name, words)}`);
  const command = describe(new Command(commandLine(name)))
    .description(commandTable[name].help)
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', ['', 'Examples:', ...lines].join('\n'))
    .configureOutput({
      writeOut: (chunk) => {
        text += chunk;
      },
      getOutHelpWidth: () => 80,
      writeErr: () => {},
    })
    .exitOverride();
  try {
    return command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return text;
    throw inputError(error, command) ?? commandLineError(error);
  }
}

function inputError(error: unknown, command: Command): UsageError | null {
  if (!(error instanceof CommanderError)) return null;
  const isInput = ['commander.missingArgument', 'commander.excessArguments'].includes(error.code);
  if (!isInput) return null;
  const names = command.registeredArguments.map((each) => each.name()).join(' ') || 'no input';
  const words = command.args.map((word) => quoted(word)).join(', ');
  const got = words === '' ? 'nothing' : `${counted(command.args.length, 'input')}: ${words}`;
  return new UsageError(`Expected ${names}, got ${got}`, { suggestion: 'See --help for examples.' });
}
