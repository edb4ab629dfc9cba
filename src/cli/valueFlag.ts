import { UsageError } from '../errors.ts';
import type { FlagDefinition } from './FlagDefinition.ts';
import type { Flags } from './Flags.ts';
import type { FlagValue } from './flagValues.ts';
import { quoted } from './quoted.ts';

export interface ValueFlagConfig<Name extends string, Value> {
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
