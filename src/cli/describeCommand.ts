import { Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { CreateCommandConfig, InputDefinition } from './CreateCommandConfig.ts';
import type { FlagDefinition } from './FlagDefinition.ts';
import { flagTable } from './flagTable.ts';
import { helpEpilogue } from './helpEpilogue.ts';

/**
 * The command as the parser and the help know it. All flags of the contract are known to it, also those that this
 * script does not serve, so that the error can say so; the help shows the served ones. `onFlag` is told each flag as it
 * is met; what it throws passes through.
 */
export function describeCommand(
  config: CreateCommandConfig,
  onFlag: (definition: FlagDefinition, value: string) => void,
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

function optionOf(
  { name, argument, help, default: shown, group }: FlagDefinition,
  isServed: boolean,
): Option {
  const term = argument === null ? `--${name}` : `--${name} <${argument}>`;
  const text = shown === null ? help : `${help} (default: ${shown})`;
  return new Option(term, text).helpGroup(group).hideHelp(!isServed);
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
