import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { chaosProfiles } from '../../simulator/chaos/profiles.ts';
import { quoted } from '../display/text.ts';
import { exitCodes } from '../script/exit.ts';
import { type FlagDefinition, groupHeadings } from './defineFlag.ts';
import { emptyFlags, type FlagName, type Flags } from './flags.ts';
import { flagTable } from './flagTable.ts';

/** One thing that a script takes before its flags. */
export interface InputDefinition {
  /** In capitals: `INPUT`. */
  readonly name: string;
  readonly help: string;
  /** Default true. */
  readonly isRequired?: boolean;
}

/** What a script's command line is made from. */
export interface CreateCommandConfig {
  /** The script's file name without extension: `generate`. */
  name: string;
  /** What it does, in a sentence or two. */
  summary: string;
  /** Shown by `--version`. */
  version: string;
  inputs: readonly InputDefinition[];
  /** Flags it serves: `[...flagsIn('money', 'pace'), 'only']`. Default: all. */
  flags?: readonly FlagName[];
  /** Whether `--model` may be repeated, as in scripts that compare models. Default false. */
  comparesModels?: boolean;
  /** Command lines for the help, without `npx tsx pipelines/`: `generate.ts prompts.txt --simulate`. */
  examples?: readonly string[];
  /** Width of the help. Default 80. */
  columns?: number;
}

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
  let flags = emptyFlags;
  let text = '';
  const command = describeCommand(config, ({ field, read }, value) => {
    flags = { ...flags, [field]: read(value, flags[field]) };
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
 * Flags that may stand alone, such as `--simulate` and `--watch`, take their values behind `=` only. A
 * command-line parser would take the next word for an optional value, and that word is often the input
 * file; so if they stand alone they get their values here.
 */
function withOptionalValues(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((word, at) => (at < end ? (optionalValues.get(word.replace(/=$/, '')) ?? word) : word));
}

const optionalValues = new Map(
  flagTable.flatMap(({ name, alone }) => (alone === undefined ? [] : [[`--${name}`, `--${name}=${alone}`]])),
);

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

/**
 * The command as the parser and the help know it. All flags of the contract are known to it, also those that this
 * script does not serve, so that the error can say so; the help shows the served ones. `onFlag` is told each flag as it
 * is met; what it throws passes through.
 */
function describeCommand(
  config: CreateCommandConfig,
  onFlag: (definition: FlagDefinition<FlagName, keyof Flags>, value: string) => void,
): Command {
  const { name, summary, version, inputs, flags, examples = [] } = config;
  const command = new Command(`npx tsx pipelines/${name}.ts`)
    .description(summary)
    .configureHelp({ optionTerm })
    .usage([...inputs.map(usageOf), '[flags]'].join(' '))
    .allowExcessArguments()
    .exitOverride();
  for (const input of inputs) command.argument(`[${input.name}]`, input.help);
  for (const definition of flagTable) {
    const isServed = flags === undefined || flags.includes(definition.name);
    command.addOption(
      optionOf(definition, isServed).argParser((value: string) => {
        if (!isServed) throw notForScript(name, definition.name);
        onFlag(definition, value);
      }),
    );
  }
  return command
    .optionsGroup('Help:')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', helpEpilogue(examples));
}

function usageOf({ name, isRequired = true }: InputDefinition): string {
  return isRequired ? name : `[${name}]`;
}

function optionOf({ name, argument, help, shownDefault, group }: FlagDefinition, isServed: boolean): Option {
  const term = argument === null ? `--${name}` : `--${name} <${argument}>`;
  const text = shownDefault === null ? help : `${help} (default: ${shownDefault})`;
  return new Option(term, text).helpGroup(groupHeadings[group]).hideHelp(!isServed);
}

/** As people write it: `--count N`, `--simulate[=SPEED]`. */
function optionTerm({ flags }: Option): string {
  return flags.replace(/ <=(.+)>$/, '[=$1]').replace(/ <(.+)>$/, ' $1');
}

function notForScript(script: string, flag: string): UsageError {
  return new UsageError(`Expected flags that ${script} serves, got \`--${flag}\``, {
    suggestion: 'See --help for those it does.',
  });
}

const environment = [
  ['REPLICATE_API_TOKEN', 'the token; needed unless --simulate is given'],
  ['REPLICATE_BASE_URL', 'base of the API'],
  ['NO_COLOR', 'any value: no colours'],
] as const;

/** What the help says below the flags: examples, chaos profiles, environment, exit codes. */
function helpEpilogue(examples: readonly string[]): string {
  const commands = examples.map((example) => `  npx tsx pipelines/${example}`);
  const variables = environment.map(([name, meaning]) => `  ${name.padEnd(21)}${meaning}`);
  const codes = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`);
  return [
    ...(commands.length > 0 ? ['', 'Examples:', ...commands] : []),
    ...['', ...chaosProfileLines()],
    ...['', 'Environment:', ...variables],
    ...['', 'Exit codes:', ...codes],
  ].join('\n');
}

/** What can be rehearsed with `--chaos`, a profile a line, for helps. */
export function chaosProfileLines(): string[] {
  const lines = Object.entries(chaosProfiles).map(([name, { summary }]) => `  ${name.padEnd(19)}${summary}`);
  return ['Chaos profiles:', ...lines];
}

/** Turns what the command-line parser throws into a `UsageError` in our words; passes anything else through. */
function commandLineError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const { code, message } = error;
  if (code === 'commander.unknownOption') {
    const [, flag = ''] = /unknown option '([^']*)'/.exec(message) ?? [];
    const [, meant] = /Did you mean (.+)\?\)/.exec(message) ?? [];
    return new UsageError(`Expected a known flag, got \`${flag}\``, {
      suggestion: meant === undefined ? 'See --help for the flags.' : `Did you mean ${meant}?`,
    });
  }
  const [, flag, argument] = /option '(--[\w-]+) <(.+)>'/.exec(message) ?? [];
  if (code === 'commander.optionMissingArgument' && flag !== undefined) {
    return new UsageError(`Expected \`${flag}\` to be followed by ${argument}, got nothing`);
  }
  return new UsageError(message.replace(/^error: /, ''));
}
