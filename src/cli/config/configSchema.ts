import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import type { FlagDefinition } from '../flags/defineFlag.ts';
import type { FlagName, Flags } from '../flags/flags.ts';
import { flagTable } from '../flags/flagTable.ts';

/**
 * The flags that a config may set defaults for, by the key there. Flags that choose the jobs of one
 * run, the address of requests with the token, or the files to read are up to each command.
 */
const keys = {
  model: 'model',
  count: 'count',
  seed: 'seed',
  concurrency: 'concurrency',
  rate: 'rate',
  maxWait: 'max-wait',
  budget: 'budget',
  budgetPerDay: 'budget-per-day',
  budgetPerMonth: 'budget-per-month',
  prices: 'price',
  maxAttempts: 'max-attempts',
  timeout: 'timeout',
  maxOutput: 'max-output',
  lookFor: 'look-for',
  onTimeout: 'on-timeout',
  fallbacks: 'fallback',
  breaker: 'breaker',
  recoveryRounds: 'recovery-rounds',
  strategy: 'strategy',
  waveSize: 'wave-size',
  wavePause: 'wave-pause',
  follow: 'follow',
  failFast: 'fail-fast',
  cancelOnExit: 'cancel-on-exit',
  renditions: 'rendition',
  organize: 'organize',
  folderSize: 'folder-size',
  sidecars: 'no-sidecars',
  cache: 'cache',
  cacheUnseeded: 'cache-unseeded',
  to: 'to',
  shardSize: 'shard-size',
  tables: 'table',
  provenance: 'provenance',
  c2paCert: 'c2pa-cert',
  c2paKey: 'c2pa-key',
  keepOriginals: 'keep-originals',
  gallery: 'no-gallery',
  open: 'open',
  onImage: 'on-image',
  onEnd: 'on-end',
  notify: 'notify',
} as const satisfies Readonly<Record<string, FlagName>>;

const flagsByName: ReadonlyMap<string, FlagDefinition> = new Map(
  flagTable.map((flag): [string, FlagDefinition] => [
    flag.name,
    { ...flag, read: (text, before) => flag.read(text, before as never) },
  ]),
);

/** A value as a person writes it. */
const scalar = z.union([z.number(), z.string()]);

/** Returns the schema of a key; it gives the value of the flag's field. */
function schemaOf({ argument, empty, choices, help, name }: FlagDefinition): z.ZodType {
  const flag = flagsByName.get(name);
  const item = choices?.areAll === true ? z.enum(choices.words) : scalar;
  const read = (given: readonly unknown[], context: z.RefinementCtx): unknown => {
    try {
      return given.reduce((before: unknown, one) => flag?.read(String(one), before), empty);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const advice = error.suggestion === '' ? '' : `. ${error.suggestion}`;
      context.addIssue(`${error.message.replace(/`--[\w-]+` to be /, '')}${advice}`);
      return z.NEVER;
    }
  };
  if (argument === null) return z.boolean().describe(help);
  if (!Array.isArray(empty)) return item.transform((one, context) => read([one], context)).describe(help);
  const list = name === 'model' ? z.string() : z.union([item, z.array(item)]);
  return list.transform((one, context) => read([one].flat(), context)).describe(help);
}

const prices = z
  .union([scalar, z.record(z.string(), scalar)])
  .transform((given, context) => {
    const texts =
      typeof given === 'object' ? Object.entries(given).map(([model, usd]) => `${model}=${usd}`) : [given];
    const read = schemaOf(flagNamed('price')).safeParse(texts);
    if (read.success) return read.data;
    for (const { message } of read.error.issues) context.addIssue(message);
    return z.NEVER;
  })
  .describe('price of one output image in dollars, of all models or by model');

function flagNamed(name: FlagName): FlagDefinition {
  const flag = flagsByName.get(name);
  if (flag === undefined) throw new Error(`Expected a flag ${name}`);
  return flag;
}

const fields = Object.entries(keys).map(([key, name]) => {
  if (name === 'price') return [key, prices.optional()] as const;
  const own = name === 'provenance' ? z.enum(['full', 'minimal', 'none']) : schemaOf(flagNamed(name));
  return [key, own.optional()] as const;
});

/** The schema of a config. Strict: unknown keys are mistakes. */
export const configSchema = z.strictObject({ $schema: z.string().optional(), ...Object.fromEntries(fields) });

/** The defaults of a config, by the fields of flags. */
export type ConfigValues = Partial<Omit<Flags, 'config'>>;

/** Returns the values of a checked config, by the fields of flags. */
export function valuesOf(config: z.output<typeof configSchema>): ConfigValues {
  const values = Object.entries(keys).flatMap(([key, name]) => {
    const value = (config as Readonly<Record<string, unknown>>)[key];
    return value === undefined ? [] : [[flagNamed(name).field, value] as const];
  });
  return Object.fromEntries(values);
}

/** Returns the JSON Schema of a config, with which editors complete and check it. */
export function configJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: 'input' });
  const url = 'https://raw.githubusercontent.com/rxposure/rxposure/main/schemas/config.json';
  return { $schema, $id: url, title: 'rxposure config', ...rest };
}
