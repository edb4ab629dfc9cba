import { UsageError } from '../../errors.ts';
import { quoted } from '../display/text.ts';
import type { Flags } from './flags.ts';
import type { FlagValue } from './flagValues.ts';

/** One flag of the contract, as data. */
export interface FlagDefinition<Name extends string = string> {
  /** Without the dashes. */
  readonly name: Name;
  /** What follows the flag, in capitals; null for a switch. */
  readonly argument: string | null;
  readonly help: string;
  /** As the help shows it. */
  readonly default: string | null;
  /** Heading in the help. */
  readonly group: string;
  /** What the flag says, to be laid over `flags`. Throws `UsageError` where the text is no possible value. */
  readonly read: (text: string, flags: Flags) => Partial<Flags>;
}

/** A switch: it is on where it stands on the command line. */
export function toggleFlag<Name extends string>(
  name: Name,
  put: Partial<Flags>,
  help: string,
  group: string,
): FlagDefinition<Name> {
  return { name, argument: null, help, group, default: null, read: () => put };
}

interface ValueFlagConfig<Name extends string, Value> {
  name: Name;
  argument: string;
  help: string;
  group: string;
  value: FlagValue<Value>;
  put: (value: Value, flags: Flags) => Partial<Flags>;
  default?: string | number;
}

/** A flag that takes a value; without it, or with an impossible one, reading throws a `UsageError`. */
export function valueFlag<Name extends string, Value>(
  config: ValueFlagConfig<Name, Value>,
): FlagDefinition<Name> {
  const { name, argument, help, group, value, put } = config;
  return {
    name,
    argument,
    help,
    group,
    default: config.default === undefined ? null : String(config.default),
    read: (text, flags) => put(readValue(config, value, text), flags),
  };
}

function readValue<Value>(
  flag: { name: string; argument: string },
  value: FlagValue<Value>,
  text: string,
): Value {
  const { name, argument } = flag;
  if (text.startsWith('--')) {
    const [next = ''] = text.split('=');
    throw new UsageError(`Expected \`--${name}\` to be followed by ${argument}, got the flag \`${next}\``);
  }
  const parsed = value.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`Expected \`--${name}\` to be ${value.expected}, got ${quoted(text)}`);
}
