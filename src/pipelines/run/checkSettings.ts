import {
  checkOptions,
  expectPresent,
  having,
  isListOf,
  isOneOf,
  isText,
  type OptionRule,
  oneOf,
  optionRules,
  or,
  orNull,
} from '../../base/options.ts';
import { expectConfig } from '../../operators/internal/options.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { strategies } from './feeds.ts';
import type { RunSettings } from './settings.ts';

type SettingName = keyof RunSettings | keyof GenerateConfig;

const { flag, task, path, count, countFrom0, wait, above0, finiteAbove0, microUsd, stream } = optionRules;

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
  ratePerMinute: finiteAbove0,
  recoveryDelayMs: wait,
  recoveryRounds: countFrom0,
  repay: flag,
  resumeAnyway: flag,
  scheduler: optionRules.scheduler,
  session: having('a session', 'governor', 'ledger', 'slots', 'claims'),
  sidecars: flag,
  sign: orNull(task),
  spending: {
    expected: 'limits with the path of a database as `file`',
    isRight: (value) => having('', 'file').isRight(value) && isText((value as { file: unknown }).file),
  },
  stop: stream,
  strategy: oneOf(...Object.keys(strategies)),
  tables: { expected: 'a list of csv and parquet', isRight: isListOf(isOneOf(['csv', 'parquet'])) },
  timeoutAction: oneOf('cancel', 'leave'),
  timeoutMs: finiteAbove0,
  transform: task,
  uploads: countOrGate,
  waitMs: wait,
  wavePauseMs: wait,
  waveSize: count,
  webhooks: having('a receiver of webhooks', 'url', 'events'),
} as const satisfies Partial<Record<SettingName, OptionRule>>;

/**
 * Checks the settings of a run before anything else happens. Throws a RangeError for the first that
 * is invalid, or needed and missing: `Expected `downloads` to be an integer of 1 or more, got 0`.
 */
export function checkSettings(
  settings: Partial<RunSettings> | GenerateConfig,
  ...needed: readonly (keyof typeof settingRules)[]
): void {
  expectConfig(settings, 'folder', 'provider');
  expectPresent(settings, settingRules, needed);
  checkOptions(settings, settingRules);
}
