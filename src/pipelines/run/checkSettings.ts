import { isObservable } from 'rxjs';
import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import { expectConfig, expectOption } from '../../operators/internal/options.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { strategies } from './feeds.ts';
import type { RunSettings } from './settings.ts';

/** The values that an option may have, in words and as a test. */
export interface OptionRule {
  readonly expected: string;
  readonly isRight: (value: unknown) => boolean;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isOneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);
const isListOf = (isRight: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isRight);

function counting(least: 0 | 1): OptionRule {
  return {
    expected: `an integer of ${least} or more`,
    isRight: (value) => Number.isInteger(value) && Number(value) >= least,
  };
}

/** The rules that options of all kinds follow. */
export const optionRules = {
  flag: { expected: 'true or false', isRight: (value) => typeof value === 'boolean' },
  task: { expected: 'a function', isRight: (value) => typeof value === 'function' },
  text: { expected: 'a text', isRight: isText },
  path: { expected: 'a path', isRight: isText },
  texts: { expected: 'a list of texts', isRight: isListOf(isText) },
  list: { expected: 'a list', isRight: Array.isArray },
  tasks: { expected: 'a list of functions', isRight: isListOf((item) => typeof item === 'function') },
  count: counting(1),
  countFrom0: counting(0),
  wait: { expected: 'a number of 0 or more', isRight: (value) => isNumber(value) && value >= 0 },
  above0: { expected: 'a number above 0', isRight: (value) => isNumber(value) && value > 0 },
  pace: {
    expected: 'a finite number above 0',
    isRight: (value) => Number.isFinite(value) && Number(value) > 0,
  },
  microUsd: {
    expected: 'whole millionths of a US dollar, 0 or more',
    isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  stream: { expected: 'an Observable', isRight: isObservable },
} as const satisfies Record<string, OptionRule>;

/** One of some words. */
export function oneOf(...values: readonly string[]): OptionRule {
  return { expected: values.join(', ').replace(/, (?=[^,]*$)/, ' or '), isRight: isOneOf(values) };
}

/** An object with these methods or fields. */
export function having(expected: string, ...names: readonly string[]): OptionRule {
  const isRight = (value: unknown) =>
    typeof value === 'object' && value !== null && names.every((name) => name in value);
  return { expected, isRight };
}

/** Allows the values of a rule, and others. */
export function or(
  { expected, isRight }: OptionRule,
  other: string,
  isOther: OptionRule['isRight'],
): OptionRule {
  return { expected: `${expected}, or ${other}`, isRight: (value) => isRight(value) || isOther(value) };
}

type SettingName = keyof RunSettings | keyof GenerateConfig;

const { flag, task, path, count, countFrom0, wait, above0, pace, microUsd, stream } = optionRules;

/** Places, or the gate that several runs share. */
const countOrGate = or(count, 'a gate', having('', 'enter', 'resize').isRight);

/** The rule of each setting that has one. */
export const settingRules = {
  allowFiles: or(optionRules.texts, 'any', isOneOf(['any'])),
  breakerFailures: or(countFrom0, 'a breaker', having('', 'admit', 'succeeded', 'failed').isRight),
  budgetMicroUsd: microUsd,
  cacheFolder: path,
  cancel: stream,
  concurrency: or(count, 'auto', isOneOf(['auto'])),
  continueOnError: flag,
  deleteLocal: flag,
  destinations: optionRules.list,
  detach: flag,
  downloads: countOrGate,
  emit: task,
  encoders: countOrGate,
  fallbacksOf: task,
  folder: path,
  gallery: flag,
  handOver: task,
  haveFiles: flag,
  isPartial: flag,
  keepOriginals: flag,
  lookForMs: wait,
  maxAttempts: count,
  maxOutageMs: wait,
  maxOutputBytes: above0,
  maxWaitMs: above0,
  only: task,
  onTimeout: task,
  paused: stream,
  priceMicroUsd: microUsd,
  provenance: oneOf('full', 'minimal', 'none'),
  provider: having('a provider', 'answers', 'createPrediction', 'getPrediction', 'listPredictions'),
  random: task,
  ratePerMinute: pace,
  recoveryDelayMs: wait,
  recoveryRounds: countFrom0,
  repay: flag,
  resumeAnyway: flag,
  scheduler: having('a scheduler', 'now', 'schedule'),
  session: having('a session', 'governor', 'ledger', 'slots', 'claims'),
  sidecars: flag,
  sign: or(task, 'null', isOneOf([null])),
  spending: {
    expected: 'limits with the path of a database as `file`',
    isRight: (value) => having('', 'file').isRight(value) && isText((value as { file: unknown }).file),
  },
  stop: stream,
  strategy: oneOf(...Object.keys(strategies)),
  tables: { expected: 'a list of csv and parquet', isRight: isListOf(isOneOf(['csv', 'parquet'])) },
  timeoutAction: oneOf('cancel', 'leave'),
  timeoutMs: above0,
  transform: task,
  uploads: countOrGate,
  waitMs: wait,
  wavePauseMs: wait,
  waveSize: count,
  webhooks: having('a receiver of webhooks', 'url', 'events'),
} as const satisfies Partial<Record<SettingName, OptionRule>>;

/**
 * Checks the settings of a run before anything else happens. Throws a RangeError for the first
 * invalid setting: `Expected `downloads` to be an integer of 1 or more, got 0`.
 */
export function checkSettings(settings: Partial<RunSettings> | GenerateConfig): void {
  expectConfig(settings, 'folder', 'provider');
  checkOptions(settings, settingRules);
}

/** Throws a RangeError for the first option that breaks its rule; undefined is none. */
export function checkOptions(options: object, by: Readonly<Record<string, OptionRule>>): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(by, name) ? by[name] : undefined;
    if (value !== undefined && rule !== undefined) {
      expectOption(rule.isRight(value), name, rule.expected, value);
    }
  }
}

/** Throws `UsageError` for the first option that has none of the known names. */
export function expectNames(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearestName(unknown, known);
  throw new UsageError(`There is no option \`${unknown}\`.`, {
    suggestion: meant === null ? 'See docs/library.md for all.' : `Did you mean \`${meant}\`?`,
  });
}
