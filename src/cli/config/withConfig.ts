import { defaultValues, type TypedFlag } from '../flags/defineFlag.ts';
import type { FlagName, Flags } from '../flags/flags.ts';
import { flagTable } from '../flags/flagTable.ts';
import type { ConfigValues } from './configSchema.ts';
import type { Config } from './readConfig.ts';

/** Fields that a spec may have, too: its values come before those of a config. */
const ofSpecs: ReadonlySet<string> = new Set([
  ...Object.keys(defaultValues(flagTable)),
  ...['models', 'prices', 'budgetMicroUsd'],
]);

interface TypedFlags {
  readonly flags: Flags;
  readonly typed: readonly Pick<TypedFlag, 'name'>[];
}

/**
 * Adds the defaults of a config to a command line: typed flags win, then the settings of a spec.
 * Only the flags that the command serves are filled in.
 */
export function withConfig(
  { flags, typed: words }: TypedFlags,
  { path, values }: Config,
  serves: (flag: FlagName) => boolean,
): Flags {
  const known: Readonly<Record<string, unknown>> = values;
  const given = new Set(words.map(({ name }) => name));
  const typed = new Set(flagTable.filter(({ name }) => given.has(name)).map(({ field }) => field));
  const served = flagTable.filter(({ name, field }) => serves(name) && known[field] !== undefined);
  const fields = [...new Set(served.map(({ field }) => field))];
  const pick = (wanted: readonly string[]): ConfigValues =>
    Object.fromEntries(wanted.map((field) => [field, known[field]]));
  return {
    ...flags,
    ...pick(fields.filter((field) => !typed.has(field) && !ofSpecs.has(field))),
    config: { path, values: pick(fields.filter((field) => ofSpecs.has(field))) },
  };
}
