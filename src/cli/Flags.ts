import type { ChaosProfileName } from '../simulator/chaos/chaosProfiles.ts';
import type { TableFormat } from '../sinks/writeTable.ts';
import type { ProvenanceLevel, Strategy } from '../types.ts';

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
