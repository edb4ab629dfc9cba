import { UsageError } from '../../errors.ts';
import { shellWord } from '../display/commandLine.ts';
import { quoted } from '../display/text.ts';
import type { FlagChoices, FlagValue } from './flagValue.ts';

/** The groups of flags that a script serves as a whole, each with its heading in the help. */
export const groupHeadings = {
  /** The content of each request. */
  requests: 'What to make:',
  /** The selection of jobs. */
  jobs: 'What to make:',
  /** Flags of single scripts: only those that name them serve them. */
  own: 'What to make:',
  money: 'Pace and money:',
  /** The pace, following and retrying of predictions; for every script that runs jobs. */
  pace: 'Pace and money:',
  /** The order in which jobs start. */
  strategy: 'Pace and money:',
  /** The reaction to a model that keeps failing. */
  failingModels: 'Pace and money:',
  /** The run folder: its paths, and results reused from other runs. */
  folder: 'Files:',
  /** Content that is written into images and beside them. */
  images: 'Files:',
  destinations: 'Files:',
  tables: 'Files:',
  /** Alternatives to a complete run. */
  mode: 'How to run:',
  /** Several machines, one account. */
  fleet: 'How to run:',
  service: 'How to run:',
  output: 'How to run:',
  /** Further actions when an image is saved, or a run ends. */
  hooks: 'How to run:',
} as const;

export type FlagGroup = keyof typeof groupHeadings;

/** A flag, as data. */
export interface FlagDefinition<
  Name extends string = string,
  Field extends string = string,
  Value = unknown,
  Default = unknown,
> {
  /** Without the dashes. */
  readonly name: Name;
  /** The field of `Flags` that it sets. */
  readonly field: Field;
  readonly help: string;
  readonly group: FlagGroup;
  /** The name of the flag's value, in capitals; null for a switch. */
  readonly argument: string | null;
  /** The text that is read if the flag stands alone. Default: none, a value must follow. */
  readonly alone?: string;
  /** The field's value on an empty command line. Default: set by another flag of this field. */
  readonly empty?: Value;
  /** The field's value if neither command line nor spec fills it. Default: it stays empty. */
  readonly default?: Default;
  /** Texts that it takes, for completion. Default: none are named. */
  readonly choices?: FlagChoices;
  /** The default as the help shows it; null hides it. */
  readonly shownDefault: string | null;
  /** Returns the field's next value. Throws `UsageError` if the text is not a valid value. */
  read(text: string, before: Value): Value;
}

/** The fields that a table of flags fills, each with the type that its flags give it. */
export type FlagsOf<Table extends readonly FlagDefinition[]> = {
  readonly [Flag in Table[number] as Flag['field']]: ReturnType<Flag['read']>;
};

/** The fields of a table that have a default, without the null of an empty command line. */
export type DefaultsOf<Table extends readonly FlagDefinition[]> = {
  readonly [Flag in Table[number] as FieldWithDefault<Flag>]: NonNullable<ReturnType<Flag['read']>>;
};

type FieldWithDefault<Flag extends FlagDefinition> =
  NonNullable<Flag['default']> extends never ? never : Flag['field'];

// `Object.fromEntries` loses the type of each field. The overload signatures restore it.

/** Returns all fields of a table with their values on an empty command line. */
export function emptyValues<Table extends readonly FlagDefinition[]>(table: Table): FlagsOf<Table>;
export function emptyValues(table: readonly FlagDefinition[]): object {
  return Object.fromEntries(
    table.flatMap(({ field, empty }) => (empty === undefined ? [] : [[field, empty]])),
  );
}

/** Returns the defaults of a table by field. */
export function defaultValues<Table extends readonly FlagDefinition[]>(table: Table): DefaultsOf<Table>;
export function defaultValues(table: readonly FlagDefinition[]): object {
  return Object.fromEntries(
    table.flatMap(({ field, default: value }) => (value === undefined ? [] : [[field, value]])),
  );
}

interface FlagConfig<Name, Field> {
  name: Name;
  /** The field of `Flags` that it sets. */
  field: Field;
  help: string;
  group: FlagGroup;
}

interface ListFlagConfig<Name, Field, Value> extends FlagConfig<Name, Field> {
  argument: string;
  value: FlagValue<Value>;
}

interface ValueFlagConfig<Name, Field, Value, Empty, Default> extends ListFlagConfig<Name, Field, Value> {
  /** The field's value on an empty command line. */
  empty: Empty;
  /** The field's value if the spec does not fill it either. Default: it stays empty. */
  default?: Default;
  /** The text that is read if the flag stands alone. Default: none, a value must follow. */
  alone?: string;
}

/** Defines a flag that takes a value. If it is repeated, the last value wins. */
export function valueFlag<
  Name extends string,
  Field extends string,
  Value,
  const Empty extends Value | null,
  const Default extends Value = never,
>(
  config: ValueFlagConfig<Name, Field, Value, Empty, Default>,
): FlagDefinition<Name, Field, Value | Empty, Default> {
  const { value, ...flag } = config;
  const { show = String } = value;
  return {
    ...flag,
    ...choicesOf(value),
    shownDefault: flag.default === undefined ? null : show(flag.default),
    read: (text) => readValue(config, text),
  };
}

/**
 * Defines a flag that may be repeated; its field is the list of all values. The help shows
 * `shownDefault` as its default. Default: none.
 */
export function listFlag<Name extends string, Field extends string, Value>(
  config: ListFlagConfig<Name, Field, Value> & { shownDefault?: string },
): FlagDefinition<Name, Field, readonly Value[], never> {
  const { value, shownDefault = null, ...flag } = config;
  return {
    ...flag,
    ...choicesOf(value),
    empty: [],
    shownDefault,
    read: (text, before) => [...before, readValue(config, text)],
  };
}

function choicesOf({ choices }: Pick<FlagValue<unknown>, 'choices'>): Pick<FlagDefinition, 'choices'> {
  return choices === undefined ? {} : { choices };
}

/** Defines a switch that sets its field to the opposite of `empty`. */
export function toggleFlag<Name extends string, Field extends string>(
  config: FlagConfig<Name, Field> & { empty: boolean },
): FlagDefinition<Name, Field, boolean, never> {
  return { ...config, argument: null, shownDefault: null, read: () => !config.empty };
}

/** Defines a switch, such as `--no-cache`, that sets the field of another flag to a fixed value. */
export function presetFlag<Name extends string, Field extends string, const Value>(
  config: FlagConfig<Name, Field> & { sets: Value },
): FlagDefinition<Name, Field, Value, never> {
  const { sets, ...flag } = config;
  return { ...flag, argument: null, shownDefault: null, read: () => sets };
}

function readValue<Value>(flag: ListFlagConfig<string, string, Value>, text: string): Value {
  const { name, argument, value } = flag;
  if (text.startsWith('--')) {
    const [next = ''] = text.split('=');
    throw new UsageError(`Expected \`--${name}\` to be followed by ${argument}, got the flag \`${next}\``);
  }
  const parsed = value.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`Expected \`--${name}\` to be ${value.expected}, got ${quoted(text)}`, {
    ...(value.advice === undefined ? {} : { suggestion: value.advice(text) }),
  });
}

/** A flag as it was typed. */
export interface TypedFlag {
  /** Without the dashes. */
  readonly name: string;
  /** As a shell takes it: `--base-url http://127.0.0.1:8787/v1`. */
  readonly words: string;
}

/** Returns a flag as it was typed, with its value. */
export function typedFlag(
  { name, argument, alone }: Pick<FlagDefinition, 'name' | 'argument' | 'alone'>,
  value: string,
): TypedFlag {
  if (argument === null || value === alone) return { name, words: `--${name}` };
  const sign = argument.startsWith('=') ? '=' : ' ';
  return { name, words: `--${name}${sign}${shellWord(value)}` };
}
