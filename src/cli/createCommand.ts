import { CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import type { CreateCommandConfig, InputDefinition } from './CreateCommandConfig.ts';
import { commandLineError } from './commandLineError.ts';
import { describeCommand } from './describeCommand.ts';
import type { Flags } from './Flags.ts';
import { noFlags } from './noFlags.ts';
import { quoted } from './quoted.ts';

/** What a command line asks for. */
export type ParsedCommand =
  | { readonly kind: 'run'; readonly inputs: readonly string[]; readonly flags: Flags }
  /** `--help` or `--version`: print it and leave with 0. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * A script's command line: the flags it picks from the table of the contract, its help, and a parser.
 *
 * `parse` takes the arguments behind the script's name and throws `UsageError` where they are wrong: an unknown flag, one
 * that this script or nobody serves yet, an impossible value, a missing input or one too many. It prints nothing.
 */
export function createCommand(config: CreateCommandConfig): {
  parse: (argv: readonly string[]) => ParsedCommand;
} {
  return { parse: (argv) => parse(config, argv) };
}

function parse(config: CreateCommandConfig, argv: readonly string[]): ParsedCommand {
  let flags = noFlags;
  let text = '';
  const command = describeCommand(config, (definition, value) => {
    flags = { ...flags, ...definition.read(value, flags) };
  });
  command.configureOutput({
    writeOut: (chunk) => {
      text += chunk;
    },
    getOutHelpWidth: () => config.columns ?? 80,
    // Errors are printed by the outermost frame, once.
    writeErr: () => {},
  });
  try {
    command.parse(withOptionalValues(argv), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'text', text };
    throw commandLineError(error);
  }
  checkInputs(config.inputs, command.args);
  checkModels(config, flags);
  return { kind: 'run', inputs: command.args, flags };
}

/**
 * `--simulate` and `--watch` take their values behind `=` only. A command-line parser would take the next word for an optional
 * value, and that word is often the input file; so where they stand alone they get their values here.
 */
function withOptionalValues(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((word, at) => (at < end ? (optionalValues.get(word.replace(/=$/, '')) ?? word) : word));
}

const optionalValues = new Map([
  ['--simulate', '--simulate=1'],
  ['--watch', '--watch=0'],
]);

function checkInputs(inputs: readonly InputDefinition[], given: readonly string[]): void {
  const missing = inputs.find(({ isRequired = true }, at) => isRequired && (given[at] ?? '') === '');
  if (missing !== undefined) {
    throw new UsageError(`Expected ${missing.name} (${missing.help}), got nothing`, {
      suggestion: 'See --help for examples.',
    });
  }
  if (given.length <= inputs.length) return;
  const names = inputs.map(({ name }) => name).join(' ') || 'no input';
  throw new UsageError(`Expected ${names}, got ${given.length} inputs: ${given.map(quoted).join(', ')}`, {
    suggestion: 'Put quotes around a path with spaces.',
  });
}

function checkModels({ name, comparesModels = false }: CreateCommandConfig, { models }: Flags): void {
  if (comparesModels || models.length <= 1) return;
  const given = models.map(({ model }) => model).join(', ');
  throw new UsageError(`Expected one \`--model\`, got ${models.length}: ${given}`, {
    suggestion: `${name} runs one model; run it once for each, with a run folder of its own.`,
  });
}
