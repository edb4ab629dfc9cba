import { AssertionError } from 'node:assert';
import { catchError, from, lastValueFrom, type Observable, of, timeout, toArray } from 'rxjs';
import { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { Json, Prediction, PredictionRequest } from '../../types.ts';

/** One rule of the `Provider` port, as a test. */
export interface ConformanceCheck {
  /** The rule, in the words of a test. */
  readonly name: string;
  /** Resolves if the provider follows it, and rejects with an `AssertionError` otherwise. */
  readonly check: () => Promise<void>;
}

/** The methods that not every service can have. */
export type OptionalMethod = 'getPrediction' | 'listPredictions' | 'cancelPrediction';
export const optionalMethods: readonly OptionalMethod[] = [
  'getPrediction',
  'listPredictions',
  'cancelPrediction',
];

export interface ProviderConformanceConfig {
  /** The provider, at a service that works: the real one, or a simulator of yours. */
  provider: Provider;
  /**
   * A request that succeeds, as cheap and quick as there is. The checks make it five times, and pay
   * for its images.
   */
  request: PredictionRequest;
  /**
   * Returns the same provider at another address, `http://127.0.0.1:PORT`: a server of the suite
   * that breaks connections and sends invalid responses. Absent: the provider's reaction to these
   * is not checked.
   */
  at?: (baseUrl: string) => Provider;
  /**
   * Returns the JSON response to a GET of this path there, such as a health check before a create
   * request; undefined: the response that other requests get. Default: always undefined.
   */
  answerGet?: (path: string) => Json | undefined;
  /** Methods that the service has no use for, and that are not checked. Default: none. */
  lacks?: readonly OptionalMethod[];
  /** Pause between two looks at a prediction, and at the list. Default 250. */
  everyMs?: number;
  /** Longest wait for one thing. Default 30,000. */
  timeoutMs?: number;
}

/** The config of a suite, with its defaults. */
export type Conformance = Required<Omit<ProviderConformanceConfig, 'at'>>;

/** Throws an `AssertionError` with the reason for the rule, unless `isRight`. */
export function expectRule(isRight: boolean, expected: string, got: unknown, why: string): void {
  if (isRight) return;
  const message = `Expected ${expected}, got ${describe(got)}: ${why}.`;
  throw new AssertionError({ message, actual: got, expected });
}

function describe(got: unknown): string {
  if (got instanceof Error) return `${got.name} “${got.message}”`;
  return JSON.stringify(got) ?? String(got);
}

/** Returns all values of an Observable that should complete by itself. */
export function valuesOf<T>(
  source: Observable<T>,
  { timeoutMs }: Pick<Conformance, 'timeoutMs'>,
): Promise<T[]> {
  return lastValueFrom(source.pipe(toArray(), timeout(timeoutMs)));
}

/** Returns the value of an Observable that should emit one, and complete. */
export async function onlyValueOf<T>(
  source: Observable<T>,
  suite: Pick<Conformance, 'timeoutMs'>,
): Promise<T> {
  const values = await valuesOf(source, suite);
  expectRule(values.length === 1, 'one value and the end', values, 'operators wait for exactly one');
  return values[0] as T;
}

/** Returns the `ProviderError` of an Observable; anything else that it does breaks a rule. */
export async function errorOf(
  source: Observable<unknown>,
  suite: Pick<Conformance, 'timeoutMs'>,
): Promise<ProviderError> {
  const guarded = from(source).pipe(
    toArray(),
    timeout(suite.timeoutMs),
    catchError((error: unknown) => of(error)),
  );
  const error = await lastValueFrom(guarded);
  if (error instanceof ProviderError) return error;
  expectRule(false, 'a `ProviderError`', error, 'a run decides by its fields how to continue');
  throw error;
}

const finalStatuses = ['succeeded', 'failed', 'canceled', 'aborted'];

/** Returns true if a prediction does not change any more. */
export function isFinal({ status }: Prediction): boolean {
  return finalStatuses.includes(status);
}
