import { models } from './models/models.ts';
import type { DurationConfig, SimulatorConfig } from './SimulatorConfig.ts';

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
