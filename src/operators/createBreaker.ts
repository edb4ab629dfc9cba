import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { expectOption } from './expectOption.ts';

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
