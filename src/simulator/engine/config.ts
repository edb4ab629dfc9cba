import { models } from '../models/models.ts';
import type { SimulatedPrediction, WebhookEvent } from './simulatedPrediction.ts';

export interface SimulatorConfig {
  /** Port of the API on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** Port of the file host. Default 0: any free one. */
  filesPort?: number;
  /** The only token that is let in. Default `r8_simulator0000000000000000000000000000`. */
  token?: string;
  /** Run times, cold starts, failures and early answers follow from it; ids never do. Default 1. */
  seed?: number;
  /** Divides all durations of predictions and waits, multiplies all rate limits. Default 1. */
  speed?: number;
  /** Predictions that run at the same time; the others wait as `starting`. Default 64. */
  slots?: number;
  /** `full` draws a picture of each prompt; `fast` serves ready bytes, for load tests. Default `full`. */
  render?: 'full' | 'fast';
  /** Median run time of all models in ms. Default: each model's own. */
  medianMs?: number;
  /** Spread of the logarithm of run times; 0 makes them all equal to the median. Default 0.25. */
  sigma?: number;
  /** Run times of single models by `owner/name`; they win over `medianMs` and `sigma`. Default: none. */
  durations?: Readonly<Record<string, DurationConfig>>;
  /** Part of the runs that begin on a cold machine, 0…1; true: each model's own part; false: none. Default true. */
  coldStarts?: boolean | number;
  /** Creates a minute that are let through at `speed` 1. Default 600. */
  createPerMinute?: number;
  /** Creates that are let through at once. Default: as many as a minute lets through. */
  createBurst?: number;
  /** Whether answers say how full the bucket of their kind is, in `ratelimit-` headers. Default true. */
  rateLimitHeaders?: boolean;
  /** Credit in US dollars: below 5 creates are limited to 6 a minute, at 0 they are refused. Default: endless. */
  creditUsd?: number;
  /** Time from completion to the removal of input, output and files, in real ms whatever the speed. Default one hour. */
  outputLifetimeMs?: number;
  /** Part of the waited answers that come with their output but still say `processing`, 0…1. Default 0.25. */
  earlyOutputRate?: number;
  /**
   * `urls`: outputs lie at the file host. `data`: answers hold them as `data:` URLs, as the service's did in October 2024
   * and Cog's do. Default `urls`.
   */
  outputs?: 'urls' | 'data';
  /** What goes wrong. Default: nothing. */
  faults?: SimulatorFaults;
}

export interface DurationConfig {
  medianMs?: number;
  sigma?: number;
}

/** Something that goes wrong with one call. */
export type Fault =
  /** The connection is reset without an answer. */
  | { readonly type: 'reset'; readonly delayMs?: number }
  /** Another answer than the right one. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** The right answer, this much later. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Something that goes wrong with the download of one file. `share` is a part of its bytes, 0…1. */
export type FileFault =
  | Fault
  /** The connection breaks off after this part of the body. */
  | { readonly type: 'cut'; readonly share: number }
  /** The body ends early as if all were well: only the file itself tells that its end is missing. */
  | { readonly type: 'truncate'; readonly share: number }
  /** After this part nothing more comes, and the connection stays open. */
  | { readonly type: 'stall'; readonly share: number }
  /** The body comes piece by piece over this time. */
  | { readonly type: 'slow'; readonly durationMs: number };

/** Something that goes wrong with one webhook. */
export type WebhookFault =
  /** It is never sent. */
  | { readonly type: 'drop' }
  /** It is sent twice, with the same id. */
  | { readonly type: 'repeat' }
  /** It is sent this much later, so that others may overtake it. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Where things can go wrong. Each function is asked once a call; null means that all goes well. */
export interface SimulatorFaults {
  /** Part of the predictions that fail by themselves, 0…1, chosen by the simulator's seed. Default 0. */
  predictionFailureRate?: number;
  /** Before a create has taken effect: nothing is made if it does not go through. */
  beforeCreate?: (wanted: WantedPrediction) => Fault | null;
  /** After a create has taken effect: the prediction runs, whatever the client gets to see. */
  afterCreate?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onGet?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onList?: () => Fault | null;
  /** For the file at this place of the output, 0 the first. */
  onFile?: (prediction: Readonly<SimulatedPrediction>, place: number) => FileFault | null;
  onWebhook?: (prediction: Readonly<SimulatedPrediction>, event: WebhookEvent) => WebhookFault | null;
  /** The error text that a prediction ends with; null where it succeeds. */
  onOutcome?: (prediction: Readonly<SimulatedPrediction>) => string | null;
  /** How long input, output and files are kept after the end, in real ms; null: as long as those of all others. */
  lifetimeMs?: (prediction: Readonly<SimulatedPrediction>) => number | null;
}

/** A prediction that is about to be made. */
export interface WantedPrediction {
  /** `owner/name`. */
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a simulator has seen so far. */
export interface SimulatorStats {
  /** Calls to the API by kind, refused ones included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** The sum of these. Downloads of outputs are not among them. */
  readonly apiRequests: number;
  /** Predictions made, and how they ended. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly aborted: number;
  /** Predictions that are not final now, and the most that there were at once. */
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** Output files made. */
  readonly images: number;
  readonly billedMicroUsd: number;
  /** Calls refused for coming too fast. */
  readonly refused429: number;
  readonly downloads: number;
  /** Downloads that came with credentials, which nobody should send there. */
  readonly tokensAtFileHost: number;
  /** POSTs of webhooks, repeated ones included. */
  readonly webhooks: number;
}

export type RequestKind = 'create' | 'get' | 'list' | 'cancel' | 'model' | 'file' | 'other';

export type FinalStatus = 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** A checked config with all its defaults. */
export type SimulatorSettings = Required<Omit<SimulatorConfig, 'medianMs'>> & {
  /** Null: each model's own. */
  readonly medianMs: number | null;
};

const TOKEN = 'r8_simulator0000000000000000000000000000';
const HOUR_MS = 3_600_000;
const HIGHEST_PORT = 65_535;

/** Checks a config and fills in the defaults; throws a RangeError that names the first wrong field. */
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
    earlyOutputRate: 0.25,
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
