import { from, type Observable, type ObservableInput, share, tap } from 'rxjs';
import { expectOption } from '../../base/options.ts';

/** Throws unless `config` is an object, with the options that are needed in any case. */
export function expectConfig(config: unknown, ...needed: readonly string[]): void {
  const names = needed
    .map((name) => `\`${name}\``)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' and ');
  expectOption(typeof config === 'object' && config !== null, 'config', `an object with ${names}`, config);
}

/** Throws unless the option is a function. */
export function expectFunction(value: unknown, name: string): void {
  expectOption(typeof value === 'function', name, 'a function', value);
}

/** Throws unless the value has these methods; `what` describes it: `a gate`. */
export function expectMethods(
  value: unknown,
  name: string,
  what: string,
  ...methods: readonly string[]
): void {
  const isRight =
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof Reflect.get(value, method) === 'function');
  expectOption(isRight, name, what, value);
}

/** Throws unless these are the arguments of an operator that pulls items and projects each. */
export function expectPulling(
  source: unknown,
  project: unknown,
  config: unknown,
  ...needed: readonly string[]
): void {
  expectItems(source, 'source');
  expectFunction(project, 'project');
  expectConfig(config, ...needed);
}

/** Throws unless the value is iterable, or an async iterable. */
function expectItems(items: unknown, name: string): void {
  const isRight =
    typeof items === 'object' &&
    items !== null &&
    (Symbol.iterator in items || Symbol.asyncIterator in items);
  expectOption(isRight, name, 'an iterable or async iterable', items);
}

/** Throws unless the option is an integer of `least` or more. */
export function expectCount(count: number, name: string, least: 0 | 1): void {
  expectOption(Number.isInteger(count) && count >= least, name, `an integer of ${least} or more`, count);
}

/** Throws unless the option is an integer of `least` or more, or Infinity for no bound. */
export function expectBound(count: number, name: string, least: 0 | 1): void {
  if (count !== Number.POSITIVE_INFINITY) expectCount(count, name, least);
}

/** Throws unless the option is a number of 0 or more; Infinity is one. */
export function expectWait(waitMs: number, name: string): void {
  expectOption(typeof waitMs === 'number' && waitMs >= 0, name, 'a number of 0 or more', waitMs);
}

/** Throws unless the option is a number above 0; Infinity is one. */
export function expectAbove0(amount: number, name: string): void {
  expectOption(typeof amount === 'number' && amount > 0, name, 'a number above 0', amount);
}

/** Throws unless the option is an amount of money. */
export function expectMicroUsd(microUsd: number, name: string): void {
  const isRight = Number.isSafeInteger(microUsd) && microUsd >= 0;
  expectOption(isRight, name, 'whole millionths of a US dollar, 0 or more', microUsd);
}

/** A stop signal, shared by all stages of one operator. */
interface SharedStop {
  /**
   * Emits when the operator is to stop. Subscribe it for as long as the operator works: later
   * subscribers then share that subscription.
   */
  readonly stop: Observable<unknown>;
  /** True once `stop` has emitted: stages that begin later missed it. */
  readonly isStopped: boolean;
}

/** Shares one `stop`, hot or cold, between several stages, some of which begin later. */
export function shareStop(stop: ObservableInput<unknown>): SharedStop {
  let isStopped = false;
  const note = tap(() => {
    isStopped = true;
  });
  return {
    stop: from(stop).pipe(note, share()),
    get isStopped() {
      return isStopped;
    },
  };
}
