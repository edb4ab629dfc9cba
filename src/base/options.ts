import { isObservable } from 'rxjs';
import { UsageError } from '../errors.ts';
import { nearestName } from './suggest.ts';
import { shown } from './text.ts';

/** The values that an option may have, in words and as a test. */
export interface OptionRule {
  readonly expected: string;
  readonly isRight: (value: unknown) => boolean;
  /** True for credentials: a message shows their types alone. */
  readonly isSecret?: true;
}

/** The rules of all options of an object. */
export type OptionRules<T> = Readonly<Record<keyof T, OptionRule>>;

const isString = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
export const isText = (value: unknown) => typeof value === 'string' && value !== '';
export const isOneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);
export const isListOf = (isRight: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isRight);

function counting(least: 0 | 1, { orInfinity = false } = {}): OptionRule {
  const isWhole = (value: unknown) =>
    Number.isInteger(value) || (orInfinity && value === Number.POSITIVE_INFINITY);
  return {
    expected: `an integer of ${least} or more`,
    isRight: (value) => isWhole(value) && Number(value) >= least,
  };
}

/** The rules that options of all kinds follow. Bundlers drop them from programs without checks. */
export const optionRules = {
  flag: { expected: 'true or false', isRight: (value) => typeof value === 'boolean' },
  task: { expected: 'a function', isRight: (value) => typeof value === 'function' },
  text: { expected: 'a text', isRight: isText },
  path: { expected: 'a path', isRight: isText },
  texts: { expected: 'a list of texts', isRight: /* @__PURE__ */ isListOf(isText) },
  /** A text that a later check describes better. */
  string: { expected: 'a text', isRight: isString },
  secret: { expected: 'a text', isRight: isString, isSecret: true },
  secrets: { expected: 'a list of texts', isRight: /* @__PURE__ */ isListOf(isString), isSecret: true },
  list: { expected: 'a list', isRight: Array.isArray },
  tasks: {
    expected: 'a list of functions',
    isRight: /* @__PURE__ */ isListOf((item) => typeof item === 'function'),
  },
  count: /* @__PURE__ */ counting(1),
  countFrom0: /* @__PURE__ */ counting(0),
  /** Infinity is no bound. */
  bound: /* @__PURE__ */ counting(1, { orInfinity: true }),
  boundFrom0: /* @__PURE__ */ counting(0, { orInfinity: true }),
  wait: { expected: 'a number of 0 or more', isRight: (value) => isNumber(value) && value >= 0 },
  above0: { expected: 'a number above 0', isRight: (value) => isNumber(value) && value > 0 },
  finiteAbove0: {
    expected: 'a finite number above 0',
    isRight: (value) => Number.isFinite(value) && Number(value) > 0,
  },
  microUsd: {
    expected: 'whole millionths of a US dollar, 0 or more',
    isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  usd: {
    expected: 'a number of dollars, 0 or more',
    isRight: (value) => Number.isFinite(value) && Number(value) >= 0,
  },
  scheduler: /* @__PURE__ */ having('a scheduler', 'now', 'schedule'),
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

/** Allows the values of a rule, and null. */
export function orNull(rule: OptionRule): OptionRule {
  return or(rule, 'null', isOneOf([null]));
}

/** Throws a RangeError for the first option that breaks its rule; undefined is none. */
export function checkOptions(options: object, by: Readonly<Record<string, OptionRule>>): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(by, name) ? by[name] : undefined;
    if (value !== undefined && rule !== undefined) {
      expectOption(rule.isRight(value), name, rule.expected, rule.isSecret ? typesIn(value) : value);
    }
  }
}

function typesIn(value: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => typeof item) : typeof value;
}

/** Options that the simulators have besides those of a provider, which takes one as it is. */
export const ofSimulators = ['filesUrl', 'stats', 'close'];

interface ExpectOptionsConfig {
  /** Options that must be there. Default: none. */
  required?: readonly string[];
  /** Other names that an object may have, without any effect. Default: none. */
  ignored?: readonly string[];
}

/**
 * Checks the options that a function is given. Throws a RangeError for the first that is missing or
 * breaks its rule, `UsageError` for a name that none has.
 */
export function expectOptions(
  options: object,
  by: Readonly<Record<string, OptionRule>>,
  { required = [], ignored = [] }: ExpectOptionsConfig = {},
): void {
  expectOption(typeof options === 'object' && options !== null, 'config', 'an object of options', options);
  expectNames(options, [...Object.keys(by), ...ignored]);
  expectPresent(options, by, required);
  checkOptions(options, by);
}

/** Throws a RangeError for the first of these options that is missing. */
export function expectPresent(
  options: object,
  by: Readonly<Record<string, OptionRule>>,
  names: readonly string[],
): void {
  for (const name of names) {
    const value: unknown = Reflect.get(options, name);
    expectOption(value !== undefined, name, by[name]?.expected ?? '', value);
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

/**
 * Throws a RangeError that names the option, the expected value and the received one, unless
 * `isRight`.
 */
export function expectOption(isRight: boolean, name: string, expected: string, got: unknown): void {
  if (!isRight) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${shown(got)}`);
}
