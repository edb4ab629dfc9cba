import {
  checkOptions,
  expectNames,
  having,
  type OptionRule,
  oneOf,
  optionRules,
  or,
} from '../../base/options.ts';
import { shown, toMicroUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { type RunCallbacks, toCallbacks } from '../../events/listeners.ts';
import type { EmitEvent } from '../../events/runEvent.ts';
import { checkedProvider } from '../../operators/internal/checkedProvider.ts';
import type { Provider } from '../../ports.ts';
import { createReplicateProvider } from '../../providers/replicate/replicateProvider.ts';
import { spendingFile } from '../../store/cacheFolder.ts';
import { checkSettings } from '../run/checkSettings.ts';
import type { RunSettings } from '../run/settings.ts';
import { type DestinationOptions, destinationSettings } from './destinations.ts';
import {
  type BatchOptions,
  callbackNames,
  type MoneyOptions,
  type RunOptions,
  type SharedOptions,
  sharedNames,
} from './options.ts';
import { asUsage } from './planning/frontErrors.ts';

/** Every option of a batch that is no setting of a run by the same name. */
const ownNames: Readonly<
  Record<Exclude<keyof BatchOptions, (typeof sharedNames)[number] | (typeof callbackNames)[number]>, true>
> = {
  provider: true,
  session: true,
  to: true,
  input: true,
  count: true,
  seed: true,
  limit: true,
  only: true,
  detach: true,
  fallback: true,
  renditions: true,
  organize: true,
  folderSize: true,
  cache: true,
  cacheUnseeded: true,
  budgetUsd: true,
  budgetPerDayUsd: true,
  budgetPerMonthUsd: true,
  spendingFile: true,
  priceUsd: true,
  pricesUsd: true,
  destinations: true,
  shardSize: true,
  deleteLocal: true,
  follow: true,
  score: true,
  sinks: true,
  signal: true,
  onAbort: true,
};

/** The names of a front's options. */
export interface OptionNames {
  /** Names that only this front has. Default: none. */
  readonly adds?: readonly string[];
  /** Names that it does not have. Default: none. */
  readonly without?: readonly string[];
}

/**
 * Throws `UsageError` for a name that no option has: a mistyped `budgetUsd` would be no limit at
 * all.
 */
export function checkNames(options: object, { adds = [], without = [] }: OptionNames = {}): void {
  const all = [...Object.keys(ownNames), ...sharedNames, ...callbackNames, ...adds];
  const known = all.filter((name) => !without.includes(name));
  expectNames(options, known);
}

const { count, flag, list, path, text, texts } = optionRules;

/** The options that are no settings of a run by the same name, or may be something else there. */
const ownRules: Readonly<Partial<Record<keyof BatchOptions, OptionRule>>> = {
  cache: path,
  cacheUnseeded: flag,
  count,
  destinations: list,
  fallback: texts,
  folderSize: count,
  follow: or(oneOf('wait', 'poll'), 'a receiver of webhooks', having('', 'url', 'events').isRight),
  input: having('an object of inputs'),
  limit: count,
  organize: text,
  pricesUsd: having('an object of prices'),
  renditions: list,
  seed: or(oneOf('auto', 'none'), 'a number', (value) => typeof value === 'number'),
  session: having('that of createSession', 'shared', 'spentUsd'),
  shardSize: count,
  spendingFile: path,
};

/** The options that `createSession` takes in the place of its runs. */
const ofSession = ['ratePerMinute', 'maxWaitMs'] as const satisfies readonly (keyof RunOptions)[];

/**
 * Returns the listener that calls the functions among the options; null if there are none. Throws
 * `UsageError` if one of them is no function.
 */
export function callbacksOf(options: RunCallbacks & Pick<SharedOptions, 'scheduler'>): EmitEvent | null {
  const given = callbackNames.filter((name) => options[name] !== undefined);
  for (const name of given) {
    const got: unknown = options[name];
    if (typeof got !== 'function')
      throw new UsageError(`Expected \`${name}\` to be a function, got ${JSON.stringify(got)}`);
  }
  const { scheduler } = options;
  return given.length === 0 ? null : toCallbacks(options, scheduler === undefined ? {} : { scheduler });
}

/**
 * Returns the settings of a run that its options give, except money. Throws `UsageError` if an
 * option is invalid, or options contradict each other.
 */
export function settingsOf(options: RunOptions): Partial<RunSettings> {
  const { strategy = 'stream', session, follow = 'wait' } = options;
  const { session: _session, destinations: _destinations, ...settings } = options;
  asUsage(() => {
    checkOptions(options, ownRules);
    checkSettings(settings);
  });
  const { concurrency } = options;
  if (concurrency === 'auto' && strategy !== 'stream') {
    throw new UsageError(
      `\`concurrency: 'auto'\` works only with the strategy stream, not with ${strategy}.`,
      { suggestion: 'Give a number, or leave out `strategy`.' },
    );
  }
  const waves = (['waveSize', 'wavePauseMs'] as const).find((name) => options[name] !== undefined);
  if (waves !== undefined && strategy !== 'waves') {
    throw new UsageError(`\`${waves}\` works only with \`strategy: 'waves'\`.`, {
      suggestion: `Add strategy: 'waves', or leave out ${waves}.`,
    });
  }
  const shared = session === undefined ? undefined : ofSession.find((name) => options[name] !== undefined);
  if (shared !== undefined) {
    throw new UsageError(`\`${shared}\` cannot be used with \`session\`, whose runs share one pace.`, {
      suggestion: `Give it to createSession: createSession({ ${shared}: … }).`,
    });
  }
  return {
    ...Object.fromEntries(
      sharedNames.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
    ),
    ...destinationsOf(options),
    ...(follow === 'wait' ? {} : { waitMs: 0 }),
    ...(typeof follow === 'object' ? { webhooks: follow } : {}),
    ...(session === undefined
      ? {}
      : { session: session.shared, concurrency: options.concurrency ?? session.concurrency }),
  };
}

function destinationsOf({ destinations, shardSize, deleteLocal }: DestinationOptions): Partial<RunSettings> {
  return destinationSettings({
    ...(destinations === undefined ? {} : { destinations }),
    ...(shardSize === undefined ? {} : { shardSize }),
    ...(deleteLocal === undefined ? {} : { deleteLocal }),
  });
}

/** The settings of a run that are about money. */
export type MoneySettings = Pick<
  RunSettings,
  'budgetMicroUsd' | 'priceMicroUsd' | 'pricesMicroUsd' | 'spending'
>;

/**
 * Returns the settings of a run that are about money. Throws `UsageError` if an amount is wrong.
 */
export function moneySettings(options: MoneyOptions): MoneySettings {
  const { budgetUsd, priceUsd, pricesUsd = {} } = options;
  const prices = Object.entries(pricesUsd).map(
    ([model, usd]) => [model, microUsd(`pricesUsd['${model}']`, usd)] as const,
  );
  return {
    ...(budgetUsd === undefined ? {} : { budgetMicroUsd: microUsd('budgetUsd', budgetUsd) }),
    ...(priceUsd === undefined ? {} : { priceMicroUsd: microUsd('priceUsd', priceUsd) }),
    ...(prices.length === 0 ? {} : { pricesMicroUsd: Object.fromEntries(prices) }),
    ...spendingSettings(options),
  };
}

/** Returns the account of all runs of this machine, if the options ask for it. */
function spendingSettings({
  budgetPerDayUsd,
  budgetPerMonthUsd,
  spendingFile: given,
}: MoneyOptions): Pick<RunSettings, 'spending'> {
  const limits = {
    ...(budgetPerDayUsd !== undefined && { perDayMicroUsd: microUsd('budgetPerDayUsd', budgetPerDayUsd) }),
    ...(budgetPerMonthUsd !== undefined && {
      perMonthMicroUsd: microUsd('budgetPerMonthUsd', budgetPerMonthUsd),
    }),
  };
  if (given === undefined && Object.keys(limits).length === 0) return {};
  const file = given ?? spendingFile(process.env);
  if (file !== null) return { spending: { file, ...limits } };
  throw new UsageError('There is no folder to count the spending of this machine in: the user has no home.', {
    suggestion: 'Give the path of a database as `spendingFile`.',
  });
}

function microUsd(name: string, usd: number): number {
  if (typeof usd === 'number' && usd >= 0 && Number.isFinite(usd)) return toMicroUsd(usd);
  throw new UsageError(`Expected \`${name}\` to be dollars of 0 or more, got ${shown(usd)}`);
}

/**
 * Returns the error for a model without a known price if a run, or its session, has a budget;
 * undefined if there is none.
 */
export function unpricedError({
  session,
  ...options
}: RunOptions): ((model: string) => UsageError) | undefined {
  const { budgetUsd, budgetPerDayUsd, budgetPerMonthUsd } = options;
  const limits = [budgetUsd, budgetPerDayUsd, budgetPerMonthUsd];
  if (limits.every((limit) => limit === undefined) && session?.hasBudget !== true) return undefined;
  return (model) =>
    new UsageError(`A budget needs a known price, and there is none for ${model}.`, {
      suggestion: `Give the price of one image: pricesUsd: { '${model}': 0.04 }.`,
    });
}

/** Returns the service of a run. Throws `UsageError` if there is neither a provider nor a token. */
export function providerOf({ provider, session }: RunOptions, emit: EmitEvent): Provider {
  const onWarning = (message: string) => emit({ type: 'warning', message });
  return checkedProvider(provider ?? session?.provider ?? createReplicateProvider({ onWarning }));
}
