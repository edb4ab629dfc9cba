import { concurrencyOf } from '../../pipelines/run/concurrency.ts';
import type { ChaosProfileName } from '../../simulator/chaos/profiles.ts';
import type { TableFormat } from '../../sinks/manifest/tables.ts';
import type { ProvenanceLevel, Strategy } from '../../types.ts';

/** A model as it is named on the command line. */
export interface ModelReference {
  /** `owner/name`. */
  readonly model: string;
  /** 64 hex digits, or null for the model's newest. */
  readonly version: string | null;
}

/**
 * What a command line asks for, read and checked, units in the names. Null or empty where a flag was not given, so that
 * a spec's value can stand there before the default does: see `withDefaults`.
 */
export interface Flags {
  /** The run folder. */
  readonly out: string | null;
  /** At most one where the script does not compare models. */
  readonly models: readonly ModelReference[];
  /** Extra model input as it was typed, in order; the model's schema decides the types. */
  readonly modelInput: readonly (readonly [key: string, value: string])[];
  /** Images of each prompt. */
  readonly count: number | null;
  readonly seed: 'auto' | 'none' | number | null;
  /** Predictions in flight. */
  readonly concurrency: number | 'auto' | null;
  readonly strategy: Strategy | null;
  /** Jobs of a wave. */
  readonly waveSize: number | null;
  readonly wavePauseMs: number | null;
  readonly follow: 'wait' | 'poll' | 'webhook' | null;
  /** Where the service reaches the receiver of webhooks. */
  readonly webhookUrl: string | null;
  /** Port of that receiver on this machine. */
  readonly webhookPort: number | null;
  readonly provider: 'replicate' | 'cog' | null;
  /** Creates a minute at most. */
  readonly ratePerMinute: number | null;
  readonly budgetMicroUsd: number | null;
  /** Price of one output image. */
  readonly priceMicroUsd: number | null;
  /** Runs of one job, the first included. */
  readonly maxAttempts: number | null;
  /** Time for one prediction. */
  readonly timeoutMs: number | null;
  /** What becomes of a prediction whose time is up. */
  readonly onTimeout: 'cancel' | 'leave' | null;
  /** As typed: `NAME=WxH[,fit][,format][,quality]` or a preset's name. */
  readonly renditions: readonly string[];
  /** `date`, `prompt`, `model`, `flat` or a template. */
  readonly organize: string | null;
  /** Only the first so many jobs. */
  readonly limit: number | null;
  /** Jobs of a folder at most. */
  readonly folderSize: number | null;
  /** Leave a sidecar beside each original. */
  readonly sidecars: boolean;
  readonly dryRun: boolean;
  /** Times faster than life; null where the real service is meant. */
  readonly simulateSpeed: number | null;
  /** What the simulator lets go wrong. */
  readonly chaos: ChaosProfileName | null;
  /** Without a slash at its end. */
  readonly baseUrl: string | null;
  /** Ask the service what models take, whatever is remembered. */
  readonly refreshModels: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly failFast: boolean;
  readonly resumeAnyway: boolean;
  /** Make, and pay, images again whose output is lost. */
  readonly repay: boolean;
  /** Models to go on with where the one before fails, in order. */
  readonly fallbacks: readonly (ModelReference | 'new-seed')[];
  /** Failures in a row after which a model is left alone for a while; 0: never. */
  readonly breakerFailures: number | null;
  /** Only these jobs, by their index; null: all. */
  readonly only: ((index: number) => boolean) | null;
  /** Where results are kept for other runs. */
  readonly cache: string | null;
  /** Further places for pictures: `s3://BUCKET/PREFIX`, `webdataset`. */
  readonly destinations: readonly string[];
  /** Samples in a shard of `webdataset`. */
  readonly shardSize: number | null;
  /** Delete pictures here once they are at all of those places. */
  readonly deleteLocal: boolean;
  /** Tables of all outcomes besides `manifest.json`. */
  readonly tables: readonly TableFormat[];
  /** Port of a page that shows the run while it goes, 0 for any; null for no page. */
  readonly watchPort: number | null;
  /** How much pictures say of where they are from. */
  readonly provenance: ProvenanceLevel;
  /** A file with the certificates of who signs pictures, PEM. */
  readonly c2paCert: string | null;
  /** A file with the key of the first of them, PEM. */
  readonly c2paKey: string | null;
  /** Keep originals also as the model put them out. */
  readonly keepOriginals: boolean;
  /** Leave a gallery and a contact sheet. */
  readonly gallery: boolean;
  /** Use results of requests without a seed again too. */
  readonly cacheUnseeded: boolean;
  /** Turns at the end for what failed. */
  readonly recoveryRounds: number | null;
  /** Create predictions and leave them to the service. */
  readonly detach: boolean;
  /** Cancel what is under way on Ctrl-C, instead of leaving it to the next run. */
  readonly cancelOnExit: boolean;
}

/** An empty command line. */
export const noFlags: Flags = {
  out: null,
  models: [],
  modelInput: [],
  count: null,
  seed: null,
  concurrency: null,
  strategy: null,
  waveSize: null,
  wavePauseMs: null,
  follow: null,
  webhookUrl: null,
  webhookPort: null,
  provider: null,
  ratePerMinute: null,
  budgetMicroUsd: null,
  priceMicroUsd: null,
  maxAttempts: null,
  timeoutMs: null,
  onTimeout: null,
  renditions: [],
  organize: null,
  limit: null,
  folderSize: null,
  sidecars: true,
  dryRun: false,
  simulateSpeed: null,
  chaos: null,
  baseUrl: null,
  refreshModels: false,
  json: false,
  quiet: false,
  failFast: false,
  resumeAnyway: false,
  watchPort: null,
  provenance: 'full',
  c2paCert: null,
  c2paKey: null,
  keepOriginals: false,
  gallery: true,
  destinations: [],
  shardSize: null,
  deleteLocal: false,
  tables: [],
  repay: false,
  fallbacks: [],
  breakerFailures: null,
  only: null,
  cache: null,
  cacheUnseeded: false,
  recoveryRounds: null,
  cancelOnExit: false,
  detach: false,
};

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

/** What holds where neither a flag nor a spec says otherwise. The help text is made from the same values. */
export const flagDefaults = {
  count: 1,
  seed: 'auto',
  concurrency: concurrencyOf('stream', null),
  strategy: 'stream',
  follow: 'wait',
  provider: 'replicate',
  ratePerMinute: 600,
  maxAttempts: 3,
  timeoutMs: 600_000,
  recoveryRounds: 0,
  organize: 'flat',
} as const;
