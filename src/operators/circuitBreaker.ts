import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { CircuitOpenError } from '../errors.ts';
import type { Breaker } from './createBreaker.ts';

export interface CircuitBreakerConfig {
  /** The circuit: a model, say. */
  name: string;
  /** Whether an error counts against it. Default: each does. */
  isFailure?: (error: unknown) => boolean;
}

/**
 * Lets nothing begin while its circuit is open, and tells the breaker how what has begun went.
 *
 *     breaker: 2 failures in a row, 9 ms     --f--f
 *     source                                  a|
 *     circuitBreaker, subscribed at 6 ms           #        CircuitOpenError; the source is not subscribed
 *     circuitBreaker, subscribed at 15 ms                   a|
 *
 * Emits `CircuitOpenError` where the circuit is open, and what the source emits. A source that completes has succeeded; one that
 * fails with an error that does not count, or is unsubscribed, says nothing.
 */
export function circuitBreaker<T>(
  breaker: Breaker,
  config: CircuitBreakerConfig,
): MonoTypeOperatorFunction<T> {
  const { name, isFailure = () => true } = config;
  return (source) =>
    new Observable<T>((subscriber) => {
      const waitMs = breaker.admit(name);
      if (waitMs !== null) {
        subscriber.error(openError(name, waitMs));
        return undefined;
      }
      let isOver = false;
      const end = (tell: () => void): void => {
        isOver = true;
        tell();
      };
      subscriber.add(() => {
        if (!isOver) breaker.left(name);
      });
      return source.subscribe({
        next: (value) => subscriber.next(value),
        error: (error: unknown) => {
          end(() => (isFailure(error) ? breaker.failed(name, error) : breaker.left(name)));
          subscriber.error(error);
        },
        complete: () => {
          end(() => breaker.succeeded(name));
          subscriber.complete();
        },
      });
    });
}

function openError(name: string, waitMs: number): CircuitOpenError {
  const when = waitMs === 0 ? 'while another one tries' : `for another ${Math.ceil(waitMs / 1_000)} s`;
  return new CircuitOpenError(
    `Nothing was begun with ${name}: it failed too often in a row, and is left alone ${when}.`,
    {
      suggestion: 'Run the same command again later, or give --fallback OWNER/NAME.',
    },
  );
}
