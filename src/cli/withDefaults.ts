import { concurrencyOf } from '../pipelines/concurrencyOf.ts';
import type { Flags } from './Flags.ts';
import { flagDefaults } from './flagDefaults.ts';

type Defaulted = keyof typeof flagDefaults;

/** Values that a spec may give for the flags that have a default. */
export type SpecValues = { readonly [name in Defaulted]?: Flags[name] };

/** Flags with nothing open where a default exists. */
export type SettledFlags = Omit<Flags, Defaulted> & {
  readonly [name in Defaulted]: NonNullable<Flags[name]>;
};

/** Fills what the command line left open: a flag wins over the spec's value, and that over the default. */
export function withDefaults(flags: Flags, spec: SpecValues = {}): SettledFlags {
  const strategy = flags.strategy ?? spec.strategy ?? flagDefaults.strategy;
  return {
    ...flags,
    count: flags.count ?? spec.count ?? flagDefaults.count,
    seed: flags.seed ?? spec.seed ?? flagDefaults.seed,
    concurrency:
      flags.concurrency === 'auto' ? 'auto' : concurrencyOf(strategy, flags.concurrency ?? spec.concurrency),
    strategy,
    follow: flags.follow ?? spec.follow ?? flagDefaults.follow,
    provider: flags.provider ?? spec.provider ?? flagDefaults.provider,
    ratePerMinute: flags.ratePerMinute ?? spec.ratePerMinute ?? flagDefaults.ratePerMinute,
    maxAttempts: flags.maxAttempts ?? spec.maxAttempts ?? flagDefaults.maxAttempts,
    timeoutMs: flags.timeoutMs ?? spec.timeoutMs ?? flagDefaults.timeoutMs,
    recoveryRounds: flags.recoveryRounds ?? spec.recoveryRounds ?? flagDefaults.recoveryRounds,
    organize: flags.organize ?? spec.organize ?? flagDefaults.organize,
  };
}
