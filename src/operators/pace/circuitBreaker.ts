import { defer, type MonoTypeOperatorFunction, type SchedulerLike, tap, throwError } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { CircuitOpenError, option } from '../../errors.ts';
import { expectConfig, expectCount, expectMethods, expectWait } from '../internal/options.ts';

export interface CircuitBreakerConfig {
  /** Name of the circuit: a model, for example. */
  name: string;
  /** Returns true if an error counts as a failure. Default: every error counts. */
  isFailure?: (error: unknown) => boolean;
}

/**
 * Refuses to start its source while the circuit is open, and reports to the breaker how the source
 * ends.
 *
 *     breaker: 2 failures in a row, 9 ms     --f--f
 *     source                                  a|
 *     circuitBreaker, subscribed at 6 ms           #        CircuitOpenError; the source is not subscribed
 *     circuitBreaker, subscribed at 15 ms                   a|
 *
 * Emits `CircuitOpenError` if the circuit is open, otherwise the notifications of the source. A
 * source that completes has succeeded. One that is unsubscribed, or fails with an error that does
 * not count, is neither a success nor a failure. If `isFailure` or `onOpen` throws, the stream
 * emits that error.
 */
export function circuitBreaker<T>(
  breaker: Breaker,
  config: CircuitBreakerConfig,
): MonoTypeOperatorFunction<T> {
  expectMethods(breaker, 'breaker', 'a breaker, as createBreaker makes', 'admit');
  expectConfig(config, 'name');
  const { name, isFailure = () => true } = config;
  return (source) =>
    defer(() => {
      const waitMs = breaker.admit(name);
      if (waitMs !== null) return throwError(() => openError(name, waitMs));
      const ended = (error: unknown): void => {
        let counts = false;
        try {
          counts = isFailure(error);
        } finally {
          // Also if `isFailure` throws: a trial in flight would keep the circuit open for good.
          if (!counts) breaker.left(name);
        }
        if (counts) breaker.failed(name, error);
      };
      return source.pipe(
        tap({
          error: ended,
          complete: () => breaker.succeeded(name),
          unsubscribe: () => breaker.left(name),
        }),
      );
    });
}

function openError(name: string, waitMs: number): CircuitOpenError {
  const next = waitMs === 0 ? 'A trial is in flight.' : `Next try in ${Math.ceil(waitMs / 1_000)} s.`;
  return new CircuitOpenError(`Skipped: ${name} failed too often in a row. ${next}`, {
    suggestion: `Run the same command again later, or give ${option('--fallback', 'OWNER/NAME')}.`,
  });
}

export interface BreakerConfig {
  /** Failures in a row that open a circuit: an integer of 1 or more. */
  failures: number;
  /**
   * Time that an open circuit lets nothing through; after that it lets one trial through. Default
   * 60,000.
   */
  coolMs?: number;
  /** Called when a circuit opens, and each time a trial fails. Default: no-op. */
  onOpen?: (opened: OpenedCircuit) => void;
  /** Clock of `coolMs`. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

export interface OpenedCircuit {
  /** Name of the circuit: a model, for example. */
  readonly name: string;
  /** Failures in a row. */
  readonly failures: number;
  /** Error of the last failure. */
  readonly error: unknown;
  readonly coolMs: number;
}

/** Circuits by name, each closed at first. */
export interface Breaker {
  /**
   * Returns null if a call may start; report its end with `succeeded`, `failed` or `left`.
   * Otherwise returns the time in ms until the next trial, 0 while a trial is in flight.
   */
  admit(name: string): number | null;
  succeeded(name: string): void;
  failed(name: string, error: unknown): void;
  /** Reports a call that ended as neither a success nor a failure. */
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
 * Creates a breaker for `circuitBreaker`, which counts failures in a row by name. After `failures`
 * of them a circuit is open: it lets nothing through for `coolMs`, then one trial at a time, and
 * the first success closes it.
 *
 * Nygard, "Release It!", 2007; https://martinfowler.com/bliki/CircuitBreaker.html
 */
export function createBreaker(config: BreakerConfig): Breaker {
  expectConfig(config, 'failures');
  const { failures, coolMs = 60_000, onOpen = () => {}, scheduler = monotonicScheduler } = config;
  expectCount(failures, 'failures', 1);
  expectWait(coolMs, 'coolMs');
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
      // Calls that were in flight when it opened report nothing new.
      if (circuit.failures < failures || (wasOpen && !circuit.isTried)) return;
      circuit.isTried = false;
      circuit.openUntilMs = scheduler.now() + coolMs;
      onOpen({ name, failures: circuit.failures, error, coolMs });
    },
    left(name) {
      const circuit = circuitOf(name);
      circuit.isTried = false;
      if (circuit.failures === 0) circuits.delete(name);
    },
    reset() {
      circuits.clear();
    },
  };
}
