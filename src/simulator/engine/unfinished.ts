import type { SimulatedPrediction } from './simulatedPrediction.ts';

/** The predictions that are not final yet, with their timers and the calls that wait for them. */
export interface Unfinished {
  add(prediction: SimulatedPrediction): void;
  /** Runs `act` after `ms` of the prediction's own time, unless the prediction is final by then. */
  after(prediction: SimulatedPrediction, ms: number, act: () => void): void;
  /**
   * Resolves when the prediction is final, after `waitMs` in its own time, or when the signal is
   * aborted; never rejects.
   */
  whenFinal(prediction: SimulatedPrediction, waitMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Removes a prediction and stops its timers. Returns the listeners to call once it is final; null
   * if it was removed before.
   */
  remove(prediction: SimulatedPrediction): readonly (() => void)[] | null;
  /** Stops all timers, sets no new ones, and resolves all calls of `whenFinal`. */
  close(): void;
}

interface Entry {
  readonly timers: NodeJS.Timeout[];
  readonly listeners: Set<() => void>;
}

/** Timers with a longer wait would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Creates an empty set of predictions whose own time passes `speed` times as fast as real time. */
export function createUnfinished(speed: number): Unfinished {
  const entries = new Map<SimulatedPrediction, Entry>();
  let isClosed = false;
  const realMs = (ms: number) => Math.min(ms / speed, LONGEST_TIMER_MS);
  return {
    add: (prediction) => {
      entries.set(prediction, { timers: [], listeners: new Set() });
    },
    after(prediction, ms, act) {
      if (isClosed) return;
      const timer = setTimeout(act, realMs(ms));
      entries.get(prediction)?.timers.push(timer);
    },
    whenFinal(prediction, waitMs, signal) {
      const listeners = entries.get(prediction)?.listeners;
      return new Promise((resolve) => {
        if (listeners === undefined || signal.aborted) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          listeners.delete(done);
          resolve();
        };
        const timer = setTimeout(done, realMs(waitMs));
        signal.addEventListener('abort', done, { once: true });
        listeners.add(done);
      });
    },
    remove(prediction) {
      const entry = entries.get(prediction);
      if (entry === undefined) return null;
      entries.delete(prediction);
      for (const timer of entry.timers) clearTimeout(timer);
      return [...entry.listeners];
    },
    close() {
      isClosed = true;
      for (const { timers, listeners } of entries.values()) {
        for (const timer of timers) clearTimeout(timer);
        for (const listener of [...listeners]) listener();
      }
    },
  };
}
