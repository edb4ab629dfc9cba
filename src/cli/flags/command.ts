import { Command, CommanderError, Option } from 'commander';
import { isSource } from '../../disk/ownProgram.ts';
import { packageVersion } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { chaosProfiles } from '../../simulator/chaos/profiles.ts';
import { commandLine } from '../display/commandLine.ts';
import { exitCodes } from '../script/exit.ts';
import { findConfig } from '../script/findConfig.ts';
import {
  checkInputs,
  checkSeparateValues,
  commandLineError,
  type InputDefinition,
  withOptionalValues,
} from './commandLineFaults.ts';
import { type CommandOption, commonOptions, tableOption } from './commandOption.ts';
import { type FlagDefinition, groupHeadings, type TypedFlag, typedFlag } from './defineFlag.ts';
import { emptyFlags, type FlagName, type Flags, flagsOfAll } from './flags.ts';
import { flagTable } from './flagTable.ts';

/** The description of a script's command line. */
interface CreateCommandConfig {
  /** The name of the command: `generate`. */
  name: string;
  /** A sentence or two for the help: `Makes …`. */
  summary: string;
  /** Shown by `--version`. Default: that of the package. */
  version?: string;
  inputs: readonly InputDefinition[];
  /**
   * The flags it serves: `[...flagsIn('money', 'pace'), 'only']`. Default: all but those of single
   * scripts.
   */
  flags?: readonly FlagName[];
  /** Defaults of its own, for the help. Default: those of the table. */
  defaults?: Readonly<Partial<Record<FlagName, string>>>;
  /** False for a command that sends no request, and so needs no token. Default true. */
  needsService?: boolean;
  /** Allows `--model` several times, for scripts that compare models. Default false. */
  comparesModels?: boolean;
  /**
   * Words after the command, for the help: `prompts.txt --simulate`. Those with a file of
   * `examples/` are shown in a clone only.
   */
  examples?: readonly string[];
  /** Width of the help. Default 80. */
  columns?: number;
}

/** A parsed command line. */
type ParsedCommand =
  | {
      readonly kind: 'run';
      readonly inputs: readonly string[];
      readonly flags: Flags;
      /** The flags that were typed. */
      readonly typed: readonly TypedFlag[];
    }
  /** `--help` or `--version`: print the text and exit with 0. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * Creates a script's command line from the flags it serves: a parser that also renders the help.
 *
 * `parse` takes the arguments after the script's name. It throws `UsageError` on an unknown flag, a
 * flag that this script does not serve, an invalid value, and a missing or surplus input. It prints
 * nothing. `serves` returns whether the script has a flag, `options` all that it has.
 */
export function createCommand(config: CreateCommandConfig): {
  readonly name: string;
  readonly needsService: boolean;
  parse: (argv: readonly string[]) => ParsedCommand;
  serves: (flag: FlagName) => boolean;
  options: () => readonly CommandOption[];
} {
  const { name, needsService = true } = config;
  return {
    ...{ name, needsService },
    parse: (argv) => parse(config, argv),
    serves: (flag) => serves(config, flag),
    options: () => [
      ...flagTable.filter((flag) => serves(config, flag.name)).map((flag) => tableOption(flag)),
      ...commonOptions,
    ],
  };
}

function serves({ flags = flagsOfAll }: CreateCommandConfig, flag: FlagName): boolean {
  return flags.includes(flag);
}

function parse(config: CreateCommandConfig, argv: readonly string[]): ParsedCommand {
  let flags = emptyFlags;
  let text = '';
  const typed: TypedFlag[] = [];
  const command = describeCommand(config, (definition, value) => {
    const { field, read } = definition;
    typed.push(typedFlag(definition, value));
    flags = { ...flags, [field]: read(value, flags[field]) };
  });
  command.configureOutput({
    writeOut: (chunk) => {
      text += chunk;
    },
    getOutHelpWidth: () => config.columns ?? 80,
    // `runScript` prints errors, once.
    writeErr: () => {},
  });
  try {
    command.parse(withOptionalValues(argv), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'text', text };
    throw commandLineError(error);
  }
  checkSeparateValues(config.inputs, command.args, argv);
  checkInputs(config.inputs, command.args, new Set(typed.map(({ name }) => name)));
  checkModels(config, flags);
  return { kind: 'run', inputs: command.args, flags, typed };
}

function checkModels({ name, comparesModels = false }: CreateCommandConfig, { models }: Flags): void {
  const [own] = models.flatMap((each) => (each.name === null ? [] : [`${each.name}=${each.model}`]));
  if (!comparesModels && own !== undefined) {
    throw new UsageError(`Expected \`--model\` to be OWNER/NAME, got ${own}`, {
      suggestion: 'Only compare gives names to models.',
    });
  }
  if (comparesModels || models.length <= 1) return;
  const given = models.map(({ model }) => model).join(', ');
  throw new UsageError(`Expected one \`--model\`, got ${models.length}: ${given}`, {
    suggestion: `Run ${name} once for each model, each time with another --out folder.`,
  });
}

/**
 * Creates the command for the parser and the help. It knows all flags, so that the error for one
 * that this script does not serve can be exact; the help shows only the flags that it serves. Calls
 * `onFlag` with each parsed flag; its errors pass through.
 */
function describeCommand(
  config: CreateCommandConfig,
  onFlag: (definition: FlagDefinition<FlagName, keyof typeof emptyFlags>, value: string) => void,
): Command {
  const { name, summary, version = packageVersion(), inputs } = config;
  const command = new Command(commandLine(name))
    .description(summary)
    .configureHelp({ optionTerm })
    .usage([...inputs.map(usageOf), '[flags]'].join(' '))
    .allowExcessArguments()
    .exitOverride();
  for (const input of inputs) command.argument(`[${input.name}]`, input.help);
  for (const definition of flagTable) {
    const isServed = serves(config, definition.name);
    command.addOption(
      optionOf(withDefault(definition, config), isServed).argParser((value: string) => {
        if (!isServed) throw notForScript(name, definition.name);
        onFlag(definition, value);
      }),
    );
  }
  return command
    .optionsGroup('Help:')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', helpEpilogue(config));
}

function usageOf({ name, isRequired = true, unless }: InputDefinition): string {
  return isRequired && unless === undefined ? name : `[${name}]`;
}

function withDefault(flag: FlagDefinition<FlagName>, { defaults = {} }: CreateCommandConfig) {
  const { [flag.name]: shownDefault = flag.shownDefault } = defaults;
  return { ...flag, shownDefault };
}

function optionOf({ name, argument, help, shownDefault, group }: FlagDefinition, isServed: boolean): Option {
  const term = argument === null ? `--${name}` : `--${name} <${argument}>`;
  const text = shownDefault === null ? help : `${help} (default: ${shownDefault})`;
  return new Option(term, text).helpGroup(groupHeadings[group]).hideHelp(!isServed);
}

/** Returns a flag as people type it: `--count N`, `--simulate[=SPEED]`. */
function optionTerm({ flags }: Option): string {
  return flags.replace(/ <=(.+)>$/, '[=$1]').replace(/ <(.+)>$/, ' $1');
}

function notForScript(script: string, flag: string): UsageError {
  return new UsageError(`${script} has no flag \`--${flag}\`.`, {
    suggestion: 'See --help for its flags.',
  });
}

/** Returns the end of the help: examples, chaos profiles, environment, exit codes. */
function helpEpilogue(config: CreateCommandConfig): string {
  const { name, examples = [], needsService = true } = config;
  const required = `the token; required${serves(config, 'simulate') ? ' unless you give --simulate' : ''}`;
  const service = [
    ['REPLICATE_API_TOKEN', required],
    ['REPLICATE_BASE_URL', 'base URL of the API'],
  ] as const;
  const environment = [...(needsService ? service : []), ['NO_COLOR', 'any value: no colours']] as const;
  const commands = examples
    .filter((words) => isSource || !words.startsWith('examples/'))
    .map((words) => `  ${commandLine(name, words)}`);
  const variables = environment.map(([name, meaning]) => `  ${name.padEnd(21)}${meaning}`);
  const codes = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`);
  return [
    ...(commands.length > 0 ? ['', 'Examples:', ...commands] : []),
    ...(serves(config, 'chaos') ? ['', ...chaosProfileLines()] : []),
    ...['', 'Environment:', ...variables],
    ...['', 'Exit codes:', ...codes],
    ...configLines(config),
  ].join('\n');
}

/** Names the config that applies here, if there is one. */
function configLines(config: CreateCommandConfig): string[] {
  const path = serves(config, 'no-config') ? findConfig(process.cwd()) : null;
  return path === null ? [] : ['', 'Config:', `  ${path}`];
}

/** Lists the chaos profiles for the help, one a line. */
export function chaosProfileLines(): string[] {
  const lines = Object.entries(chaosProfiles).map(([name, { summary }]) => `  ${name.padEnd(19)}${summary}`);
  return ['Chaos profiles:', ...lines];
}
