import { concurrencyOf } from '../../pipelines/run/concurrency.ts';
import {
  type DefaultsOf,
  defaultValues,
  emptyValues,
  type FlagGroup,
  type FlagsOf,
  type TypedFlag,
} from './defineFlag.ts';
import { flagTable } from './flagTable.ts';

/**
 * The checked values of a command line, with units in the names; `flagTable` describes each field.
 * A flag that was not given is null or empty, so that a spec's value comes before the default: see
 * `withDefaults`.
 */
export interface Flags extends FlagsOf<typeof flagTable> {
  /** The defaults of a config that a spec may have, too, and its path. Default: none. */
  readonly config?: { readonly path: string; readonly values: Partial<FlagsOf<typeof flagTable>> };
  /** The flags that were typed, in their order. Default: none. */
  readonly typed?: readonly TypedFlag[];
}

/** The name of a flag, without its dashes. */
export type FlagName = (typeof flagTable)[number]['name'];

type Defaults = DefaultsOf<typeof flagTable>;

/** Values that a spec may give for the flags that have a default. */
type SpecValues = { readonly [Field in keyof Defaults]?: Defaults[Field] | null };

/** Flags with all defaults filled in. */
export type SettledFlags = Omit<Flags, keyof Defaults> &
  Defaults & {
    /** Which limits of the account are no defaults: of the flags, the spec or the config. */
    readonly isGiven: { readonly rate: boolean; readonly concurrency: boolean };
  };

/** An empty command line. */
export const emptyFlags: FlagsOf<typeof flagTable> = emptyValues(flagTable);

const flagDefaults = defaultValues(flagTable);

/**
 * Fills in flags that were not given: first from the spec, then from a config, then from the
 * defaults.
 */
export function withDefaults(flags: Flags, spec: SpecValues = {}): SettledFlags {
  const settled: { -readonly [Field in keyof Defaults]: Defaults[Field] } = { ...flagDefaults };
  const { values = {} } = flags.config ?? {};
  const settle = <Field extends keyof Defaults>(field: Field) => {
    const own = flags[field] ?? (field === 'ratePerMinute' ? null : spec[field]);
    settled[field] =
      own ?? (values[field] as Defaults[Field] | undefined) ?? spec[field] ?? flagDefaults[field];
  };
  for (const flag of flagTable) if (flag.default !== undefined) settle(flag.field);
  // Strategies have their own defaults, and `sequential` always runs one prediction at a time.
  const requested = flags.concurrency ?? spec.concurrency ?? values.concurrency;
  const concurrency = requested === 'auto' ? 'auto' : concurrencyOf(settled.strategy, requested);
  const budgetMicroUsd = flags.budgetMicroUsd ?? values.budgetMicroUsd ?? null;
  const prices = [...(values.prices ?? []), ...flags.prices];
  const rate = flags.ratePerMinute ?? spec.ratePerMinute ?? values.ratePerMinute ?? null;
  const isGiven = { rate: rate !== null, concurrency: (requested ?? null) !== null };
  return { ...flags, ...settled, concurrency, budgetMicroUsd, prices, isGiven };
}

/** Returns the flags of some groups, for a script to serve. */
export function flagsIn(...groups: readonly FlagGroup[]): FlagName[] {
  return flagTable.filter(({ group }) => groups.includes(group)).map(({ name }) => name);
}

/** The flags of every script that makes images: all but those of single scripts. */
export const flagsOfAll: readonly FlagName[] = flagTable
  .filter(({ group }) => group !== 'own')
  .map(({ name }) => name);
