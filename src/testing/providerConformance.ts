import { shown } from '../base/text.ts';
import { faultChecks } from './conformance/faultChecks.ts';
import {
  type ConformanceCheck,
  optionalMethods,
  type ProviderConformanceConfig,
} from './conformance/rules.ts';
import { serviceChecks } from './conformance/serviceChecks.ts';

/**
 * Returns the rules that a `Provider` of your own must follow so that a run neither pays twice nor
 * loses an image, each as a test for any runner:
 *
 *     for (const { name, check } of providerConformance({ provider, request, at })) it(name, check);
 *
 * Real time and real sockets, some ms for each rule besides the time of your service. With `at` the
 * suite puts servers of its own in the place of the service, which reset connections, hang, and
 * respond with web pages: there it shows whether the provider reports the right effect of a create
 * request. A broken rule rejects with an `AssertionError` that has the reason for the rule.
 *
 * Throws a RangeError if an option is invalid.
 */
export function providerConformance(config: ProviderConformanceConfig): readonly ConformanceCheck[] {
  expectConformance(config);
  const { at, lacks = [], answerGet = () => undefined, everyMs = 250, timeoutMs = 30_000, ...rest } = config;
  const suite = { ...rest, lacks, answerGet, everyMs, timeoutMs };
  const possible = serviceChecks(suite).filter(({ needs }) => needs === undefined || !lacks.includes(needs));
  const checks = possible.map(({ name, check }) => ({ name, check }));
  return at === undefined ? checks : [...checks, ...faultChecks(suite, at)];
}

function expectConformance(config: ProviderConformanceConfig): void {
  const { provider, request, lacks = [] } = config ?? {};
  const isKnown = Array.isArray(lacks) && lacks.every((name) => optionalMethods.includes(name));
  expectOption(isKnown, 'lacks', `a list of ${optionalMethods.join(', ')}`, lacks);
  const methods = ['createPrediction', ...optionalMethods.filter((name) => !lacks.includes(name))] as const;
  const isProvider = methods.every((name) => typeof provider?.[name] === 'function');
  expectOption(isProvider, 'provider', `a provider, with the methods ${methods.join(', ')}`, provider);
  const isRequest = typeof request?.model === 'string' && typeof request.input === 'object';
  expectOption(isRequest, 'request', 'a request with `model` and `input`', request);
}

function expectOption(isRight: boolean, name: string, expected: string, got: unknown): void {
  if (!isRight) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${shown(got)}`);
}
