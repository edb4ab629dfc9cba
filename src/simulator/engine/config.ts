import { models } from '../models/models.ts';
import type { SimulatorFaults } from './faults.ts';

/** The addresses of a simulator, its token and the form of its outputs. */
export interface ServerConfig {
  /** Port of the API on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** Port of the file host. Default 0: any free one. */
  filesPort?: number;
  /** The only token that is accepted. Default `r8_simulator0000000000000000000000000000`. */
  token?: string;
  /**
   * `full` draws an image of each prompt; `fast` serves prepared bytes, for load tests.
   * Default `full`.
   */
  render?: 'full' | 'fast';
  /**
   * `urls`: outputs are URLs of the file host. `data`: responses contain them as `data:` URLs, as
   * the service's did in October 2024 and Cog's do. Default `urls`.
   */
  outputs?: 'urls' | 'data';
}

/** The time that predictions take. */
export interface RunTimeConfig {
  /** Divides all durations of predictions and waits, multiplies all rate limits. Default 1. */
  speed?: number;
  /** Predictions that run at the same time; the others wait as `starting`. Default 64. */
  slots?: number;
  /** Median run time of all models in ms. Default: each model's own. */
  medianMs?: number;
  /** Spread of the logarithm of run times; 0 makes all of them the median. Default 0.25. */
  sigma?: number;
  /**
   * Run times of single models by `owner/name`, in preference to `medianMs` and `sigma`.
   * Default: none.
   */
  durations?: Readonly<Record<string, DurationConfig>>;
  /**
   * Share of the runs that begin on a cold machine, 0…1; true: each model's own share; false: none.
   * Default true.
   */
  coldStarts?: boolean | number;
}

/** The limits of the account. */
export interface AccountLimits {
  /** Create requests accepted per minute at `speed` 1. Default 600. */
  createPerMinute?: number;
  /** Create requests accepted at once. Default: as many as per minute. */
  createBurst?: number;
  /**
   * Adds `ratelimit-` headers to responses: how many calls of the same kind remain, and when the
   * limit resets. Default true.
   */
  rateLimitHeaders?: boolean;
  /**
   * Credit in US dollars: below 5, create requests are limited to 6 per minute; at 0, they are
   * refused. Default: unlimited.
   */
  creditUsd?: number;
}

/** Everything that you can set about a simulator. */
export interface SimulatorConfig extends ServerConfig, RunTimeConfig, AccountLimits {
  /** Determines run times, cold starts, failures and early responses, but never ids. Default 1. */
  seed?: number;
  /**
   * Time from completion to the removal of input, output and files, in real ms at any speed.
   * Default one hour.
   */
  outputLifetimeMs?: number;
  /**
   * Share of the responses under `Prefer: wait` that contain the output but still say `processing`,
   * without `metrics` and `completed_at`, 0…1. Default 1: all recorded responses of the service do.
   */
  earlyOutputRate?: number;
  /** Faults to inject. Default: none. */
  faults?: SimulatorFaults;
}

/** Run times of one model. */
export interface DurationConfig {
  medianMs?: number;
  sigma?: number;
}

/** A checked config with all defaults. */
export type SimulatorSettings = Required<Omit<SimulatorConfig, 'medianMs'>> & {
  /** Null: each model's own. */
  readonly medianMs: number | null;
};

const TOKEN = 'r8_simulator0000000000000000000000000000';
const HOUR_MS = 3_600_000;
const HIGHEST_PORT = 65_535;

/** Checks a config and adds the defaults; throws a RangeError that names the first wrong field. */
export function readSettings(config: SimulatorConfig): SimulatorSettings {
  const { createPerMinute = 600 } = config;
  const settings = {
    port: 0,
    filesPort: 0,
    token: TOKEN,
    seed: 1,
    speed: 1,
    slots: 64,
    render: 'full' as const,
    medianMs: null,
    sigma: 0.25,
    durations: {},
    coldStarts: true,
    createPerMinute,
    createBurst: Math.max(1, Math.ceil(createPerMinute)),
    rateLimitHeaders: true,
    creditUsd: Number.POSITIVE_INFINITY,
    outputLifetimeMs: HOUR_MS,
    earlyOutputRate: 1,
    outputs: 'urls' as const,
    faults: {},
    ...config,
  };
  checkSettings(settings);
  return settings;
}

function checkSettings(settings: SimulatorSettings): void {
  for (const name of ['port', 'filesPort'] as const) expectWhole(name, settings[name], 0, HIGHEST_PORT);
  if (settings.token === '' || /\s/.test(settings.token)) {
    throw new RangeError('Expected `token` to be a text without spaces, got one that is empty or has spaces');
  }
  expectWhole('slots', settings.slots, 1);
  expectWhole('createBurst', settings.createBurst, 1);
  for (const name of ['speed', 'createPerMinute', 'outputLifetimeMs'] as const) {
    expectNumber(name, settings[name], (value) => value > 0, 'a number above 0');
  }
  expectNumber('creditUsd', settings.creditUsd, (value) => value >= 0, 'a number of 0 or more');
  expectShare('earlyOutputRate', settings.earlyOutputRate);
  expectShare('faults.predictionFailureRate', settings.faults.predictionFailureRate ?? 0);
  if (typeof settings.coldStarts === 'number') expectShare('coldStarts', settings.coldStarts);
  const { medianMs, sigma } = settings;
  expectDuration('', medianMs === null ? { sigma } : { medianMs, sigma });
  for (const [model, duration] of Object.entries(settings.durations)) {
    if (!models.some(({ name }) => name === model)) {
      throw new RangeError(`Expected the names in \`durations\` to be models of the simulator, got ${model}`);
    }
    expectDuration(`durations.${model}.`, duration);
  }
}

function expectDuration(prefix: string, { medianMs = 0, sigma = 0 }: DurationConfig): void {
  const isRight = (value: number) => value >= 0 && Number.isFinite(value);
  expectNumber(`${prefix}medianMs`, medianMs, isRight, 'a number of 0 or more');
  expectNumber(`${prefix}sigma`, sigma, isRight, 'a number of 0 or more');
}

function expectWhole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  const isRight = Number.isInteger(value) && value >= min && value <= max;
  expectNumber(name, value, () => isRight, `a whole number ${range}`);
}

function expectShare(name: string, value: number): void {
  expectNumber(name, value, () => value >= 0 && value <= 1, 'a number from 0 to 1');
}

function expectNumber(
  name: string,
  value: number,
  isRight: (value: number) => boolean,
  expected: string,
): void {
  if (!isRight(value)) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${value}`);
}
