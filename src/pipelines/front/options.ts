import type { Observable, OperatorFunction } from 'rxjs';
import { toMicroUsd } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { expectOption } from '../../operators/internal/options.ts';
import type { Destination, PredictionEvents, Provider } from '../../ports.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { Outcome, RenditionSpec } from '../../types.ts';
import type { RunSettings } from '../run/settings.ts';
import type { Session } from './session.ts';

/** The settings of a run that mean the same in `images`. */
export type SharedOptions = Pick<
  RunSettings,
  | 'strategy'
  | 'concurrency'
  | 'waveSize'
  | 'wavePauseMs'
  | 'downloads'
  | 'encoders'
  | 'uploads'
  | 'ratePerMinute'
  | 'maxWaitMs'
  | 'maxOutageMs'
  | 'maxAttempts'
  | 'timeoutMs'
  | 'timeoutAction'
  | 'maxOutputBytes'
  | 'lookForMs'
  | 'breakerFailures'
  | 'recoveryRounds'
  | 'recoveryDelayMs'
  | 'repay'
  | 'continueOnError'
  | 'allowFiles'
  | 'deleteLocal'
  | 'tables'
  | 'sidecars'
  | 'gallery'
  | 'provenance'
  | 'sign'
  | 'keepOriginals'
  | 'transform'
  | 'onTimeout'
  | 'scheduler'
  | 'random'
>;

/** The choice of service and images. */
export interface RequestOptions extends Partial<Pick<JobContext, 'input' | 'count' | 'seed'>> {
  /** `owner/name`, `owner/name:version` or `deployments/owner/name`. */
  model: string;
  /**
   * The run folder. If it has a run of these prompts already, only what is missing is made; other
   * prompts replace those that it had.
   */
  to: string;
  /**
   * The service. Default: that of the session, else Replicate with `REPLICATE_API_TOKEN` and, if
   * it is set, `REPLICATE_BASE_URL`.
   */
  provider?: Provider;
  /** What this run shares with other runs of the process. Default: nothing. */
  session?: Session;
  /** Only the first so many images. Default: all. */
  limit?: number;
  /** Only images with these indexes, from 0. Default: all. */
  only?: (index: number) => boolean;
}

/** The files of a run. */
export interface FileOptions {
  /**
   * Further images to derive from each original: as objects, or as `instagram_post` or
   * `thumb=320x240,inside,webp`. Default: none.
   */
  renditions?: readonly (string | RenditionSpec)[];
  /** `flat`, `date`, `prompt`, `model` or a template of paths. Default `flat`. */
  organize?: string;
  /** At most so many jobs in a folder. Default: no limit. */
  folderSize?: number;
}

/** The money of a run. */
export interface MoneyOptions {
  /** Never reserve and spend more than this, in dollars. Default: no limit. */
  budgetUsd?: number;
  /** Price of one output image in dollars, over the built-in table. */
  priceUsd?: number;
  /** The same by model: `{ 'black-forest-labs/flux-dev': 0.025 }`; wins over `priceUsd`. */
  pricesUsd?: Readonly<Record<string, number>>;
  /**
   * Folder of results that runs share: identical seeded requests are taken from it instead of being
   * made again. Default: none.
   */
  cache?: string;
  /** Include requests without a seed in the cache. Default false. */
  cacheUnseeded?: boolean;
}

/** The way of the run: how it learns of results, what it does beside, and how it ends early. */
export interface CourseOptions {
  /**
   * The way to learn of results: `wait` holds the create request open, `poll` asks the list, and a
   * receiver of webhooks (`createWebhookReceiver`) is told. Default `wait`.
   */
  follow?: 'wait' | 'poll' | PredictionEvents;
  /**
   * Models to try if this one fails for good, in their order; `new-seed` is the same model with
   * another seed, if it refuses. Default: none.
   */
  fallback?: readonly string[];
  /**
   * Further destinations: `s3://bucket/prefix`, `webdataset`, or a function that opens one.
   * Default: none.
   */
  destinations?: readonly (string | ((folder: string) => Promise<Destination>))[];
  /**
   * Operators that the outcomes pass through, one after the other: a database, a queue. Jobs that
   * never had their turn have none here; the manifest has. The run ends when they have passed, and
   * an error of a sink ends it. Default: none.
   */
  sinks?: readonly OperatorFunction<Outcome, Outcome>[];
  /** Ends the run early when it aborts; the run then rejects with its reason. Default: never. */
  signal?: AbortSignal;
  /**
   * At an abort, or if the loop or a subscription is left: `finish` what is in flight, or `cancel`
   * it at the service. Either way what is paid is saved first. Default `finish`.
   */
  onAbort?: 'finish' | 'cancel';
}

/** The options of `images`. Those that the scripts have, too, have the same defaults. */
export interface ImagesOptions
  extends RequestOptions,
    FileOptions,
    MoneyOptions,
    CourseOptions,
    SharedOptions {}

/** Signals that end a run, and its hooks. */
export interface RunControl extends Pick<RunSettings, 'emit' | 'handOver'> {
  readonly stop: Observable<unknown>;
  readonly cancel: Observable<unknown>;
}

/**
 * Returns the settings that mean the same in a run. Throws a RangeError for a `concurrency` of less
 * than 1.
 */
export function sharedSettings(options: ImagesOptions): SharedOptions & Pick<RunSettings, 'only'> {
  const {
    model: _model,
    to: _to,
    provider: _provider,
    session: _session,
    input: _input,
    count: _count,
    seed: _seed,
    limit: _limit,
    renditions: _renditions,
    organize: _organize,
    folderSize: _folderSize,
    budgetUsd: _budgetUsd,
    priceUsd: _priceUsd,
    pricesUsd: _pricesUsd,
    cache: _cache,
    cacheUnseeded: _cacheUnseeded,
    follow: _follow,
    fallback: _fallback,
    destinations: _destinations,
    sinks: _sinks,
    signal: _signal,
    onAbort: _onAbort,
    ...shared
  } = options;
  const { concurrency = 1 } = shared;
  const isRight = concurrency === 'auto' || (Number.isInteger(concurrency) && concurrency >= 1);
  expectOption(isRight, 'concurrency', 'an integer of 1 or more, or auto', concurrency);
  return shared;
}

/**
 * Returns the settings of a run that are about money. Throws `UsageError` if an amount is wrong.
 */
export function moneySettings({
  budgetUsd,
  priceUsd,
  pricesUsd = {},
}: MoneyOptions): Pick<RunSettings, 'budgetMicroUsd' | 'priceMicroUsd' | 'pricesMicroUsd'> {
  const prices = Object.entries(pricesUsd).map(
    ([model, usd]) => [model, microUsd(`pricesUsd['${model}']`, usd)] as const,
  );
  return {
    ...(budgetUsd === undefined ? {} : { budgetMicroUsd: microUsd('budgetUsd', budgetUsd) }),
    ...(priceUsd === undefined ? {} : { priceMicroUsd: microUsd('priceUsd', priceUsd) }),
    ...(prices.length === 0 ? {} : { pricesMicroUsd: Object.fromEntries(prices) }),
  };
}

function microUsd(name: string, usd: number): number {
  if (typeof usd === 'number' && usd >= 0 && Number.isFinite(usd)) return toMicroUsd(usd);
  throw new UsageError(`Expected \`${name}\` to be dollars of 0 or more, got ${String(usd)}`);
}
