import { concurrencyOf } from '../../pipelines/run/concurrency.ts';
import { type DefaultsOf, defaultValues, emptyValues, type FlagGroup, type FlagsOf } from './defineFlag.ts';
import { flagTable } from './flagTable.ts';

/**
 * What a command line asks for, read and checked, units in the names; `flagTable` describes each
 * field. Null or empty if a flag was not given, so that a spec's value can stand there before the
 * default does: see `withDefaults`.
 */
export type Flags = FlagsOf<typeof flagTable>;

/** A flag of the contract, without its dashes. */
export type FlagName = (typeof flagTable)[number]['name'];

type Defaults = DefaultsOf<typeof flagTable>;

/** Values that a spec may give for the flags that have a default. */
export type SpecValues = { readonly [Field in keyof Defaults]?: Defaults[Field] | null };

/** Flags with nothing open that has a default. */
export type SettledFlags = Omit<Flags, keyof Defaults> & Defaults;

/** An empty command line. */
export const emptyFlags: Flags = emptyValues(flagTable);

const flagDefaults = defaultValues(flagTable);

/** Fills in open flags: a flag wins over the spec's value, and that over the default. */
export function withDefaults(flags: Flags, spec: SpecValues = {}): SettledFlags {
  const settled: { -readonly [Field in keyof Defaults]: Defaults[Field] } = { ...flagDefaults };
  const settle = <Field extends keyof Defaults>(field: Field) => {
    settled[field] = flags[field] ?? spec[field] ?? flagDefaults[field];
  };
  for (const flag of flagTable) if (flag.default !== undefined) settle(flag.field);
  // Strategies have defaults of their own, and `sequential` allows one prediction in any case.
  const asked = flags.concurrency ?? spec.concurrency;
  const concurrency = flags.concurrency === 'auto' ? 'auto' : concurrencyOf(settled.strategy, asked);
  return { ...flags, ...settled, concurrency };
}

/** Returns the flags of some groups, for a script to serve. */
export function flagsIn(...groups: readonly FlagGroup[]): FlagName[] {
  return flagTable.filter(({ group }) => groups.includes(group)).map(({ name }) => name);
}
