import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type SchedulerLike } from 'rxjs';
import { CircuitOpenError } from '../errors.ts';
import { expectOption } from './internal/options.ts';

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

export interface BreakerConfig {
  /** Failures in a row that open a circuit: an integer of 1 or more. */
  failures: number;
  /** How long nothing passes an open circuit; then one may try. Default 60,000. */
  coolMs?: number;
  /** Told when a circuit opens, and each time that a trial fails. */
  onOpen?: (opened: OpenedCircuit) => void;
  /** Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

export interface OpenedCircuit {
  /** What it is the circuit of: a model, say. */
  readonly name: string;
  /** In a row. */
  readonly failures: number;
  /** Of the last of them. */
  readonly error: unknown;
  readonly coolMs: number;
}

/** Circuits by name, each closed at first. */
export interface Breaker {
  /** Null where one may pass, who then has to say how it went; else how long nobody may, 0 while somebody tries. */
  admit(name: string): number | null;
  succeeded(name: string): void;
  failed(name: string, error: unknown): void;
  /** Whoever passed leaves without having found out anything. */
  left(name: string): void;
  /** Closes all circuits and forgets their failures. */
  reset(): void;
}

interface Circuit {
  failures: number;
  openUntilMs: number;
  isTried: boolean;
}

/**
 * Keeps count of failures in a row, by name, for `circuitBreaker`. After as many as that the circuit is open: nobody passes for
 * `coolMs`, then one at a time tries, and the first success closes it.
 *
 * Nygard, "Release It!", 2007; https://martinfowler.com/bliki/CircuitBreaker.html
 */
export function createBreaker(config: BreakerConfig): Breaker {
  const { failures, coolMs = 60_000, onOpen = () => {}, scheduler = asyncScheduler } = config;
  expectOption(Number.isInteger(failures) && failures >= 1, 'failures', 'an integer of 1 or more', failures);
  const circuits = new Map<string, Circuit>();
  const circuitOf = (name: string): Circuit => {
    const circuit = circuits.get(name) ?? { failures: 0, openUntilMs: 0, isTried: false };
    circuits.set(name, circuit);
    return circuit;
  };
  return {
    admit(name) {
      const circuit = circuitOf(name);
      if (circuit.failures < failures) return null;
      const waitMs = circuit.openUntilMs - scheduler.now();
      if (waitMs > 0) return waitMs;
      if (circuit.isTried) return 0;
      circuit.isTried = true;
      return null;
    },
    succeeded(name) {
      circuits.delete(name);
    },
    failed(name, error) {
      const circuit = circuitOf(name);
      const wasOpen = circuit.failures >= failures;
      circuit.failures += 1;
      // Those that were under way when it opened tell nothing new.
      if (circuit.failures < failures || (wasOpen && !circuit.isTried)) return;
      circuit.isTried = false;
      circuit.openUntilMs = scheduler.now() + coolMs;
      onOpen({ name, failures: circuit.failures, error, coolMs });
    },
    left(name) {
      circuitOf(name).isTried = false;
    },
    reset() {
      circuits.clear();
    },
  };
}
