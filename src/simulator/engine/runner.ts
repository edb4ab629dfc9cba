import { maxTimerMs } from '../../base/monotonicScheduler.ts';
import type { SimulatorSettings } from './config.ts';
import type { Counters, FinalStatus } from './counters.ts';
import { createRandom } from './random.ts';
import { costOf, platformErrors, type SimulatedPrediction } from './simulatedPrediction.ts';
import type { Webhooks } from './webhooks.ts';

/** The settings of a runner and the callbacks that it calls. */
export interface RunnerConfig {
  settings: SimulatorSettings;
  counters: Counters;
  /** Returns the URLs of all outputs of a prediction. */
  outputsOf: (prediction: SimulatedPrediction) => Promise<readonly string[]>;
  /** Called with every event of a prediction. */
  notify: Webhooks['notify'];
}

/** Moves predictions from one status to the next. */
interface Runner {
  /** Starts a prediction as soon as a slot is free. */
  start(prediction: SimulatedPrediction): void;
  /** Ends a prediction without output; does nothing if it is final. */
  end(prediction: SimulatedPrediction, status: FinalStatus): void;
  /** Forgets the predictions that still wait for a slot. */
  close(): void;
}

/** Creates a runner that registers its timers with `unfinished`. */
export function createRunner(
  { settings, counters, outputsOf, notify }: RunnerConfig,
  unfinished: Unfinished,
): Runner {
  const boot = (prediction: SimulatedPrediction): void => {
    const bootMs = coldStartMs(prediction, settings);
    if (bootMs > 0) unfinished.after(prediction, bootMs, () => run(prediction));
    else run(prediction);
  };
  const run = (prediction: SimulatedPrediction): void => {
    prediction.status = 'processing';
    prediction.startedAtMs = Date.now();
    notify(prediction, 'start');
    notify(prediction, 'logs');
    unfinished.after(prediction, prediction.runMs, () => void finish(prediction));
  };
  const finish = async (prediction: SimulatedPrediction): Promise<void> => {
    const error = failureOf(prediction, settings);
    if (error !== null) return end(prediction, 'failed', error);
    await outputsOf(prediction).then(
      (outputs) => end(prediction, 'succeeded', null, outputs),
      () => end(prediction, 'failed', 'Prediction failed for an unknown reason. (E1000)'),
    );
  };
  const end = (
    prediction: SimulatedPrediction,
    status: FinalStatus,
    error: string | null = null,
    outputs: readonly string[] = [],
  ): void => {
    const listeners = unfinished.remove(prediction);
    if (listeners === null) return;
    prediction.status = status;
    prediction.error = error;
    prediction.outputs = outputs;
    prediction.completedAtMs = Date.now();
    prediction.costMicroUsd = costOf(prediction, settings.speed);
    counters.countEnded(prediction, status);
    if (status === 'succeeded') notify(prediction, 'output');
    // The service documents it for the other three; an aborted prediction shows only on request.
    if (status !== 'aborted') notify(prediction, 'completed');
    for (const listener of listeners) listener();
    slots.free(prediction);
  };
  const slots = createSlots(settings.slots, boot);
  return {
    start: slots.take,
    end: (prediction, status) => end(prediction, status),
    close: slots.close,
  };
}

/** Limits how many predictions run at once. */
interface Slots {
  /** Queues a prediction, and starts those at the head of the queue that have a slot. */
  take(prediction: SimulatedPrediction): void;
  /** Frees the slot of a prediction, or removes it from the queue; then starts the next. */
  free(prediction: SimulatedPrediction): void;
  /** Empties the queue. */
  close(): void;
}

/** Creates `count` slots; `start` is called with each prediction when it gets one. */
function createSlots(count: number, start: (prediction: SimulatedPrediction) => void): Slots {
  const queue = new Set<SimulatedPrediction>();
  let busy = 0;
  const fill = (): void => {
    for (const prediction of queue) {
      if (busy >= count) return;
      queue.delete(prediction);
      busy += 1;
      start(prediction);
    }
  };
  return {
    take(prediction) {
      queue.add(prediction);
      fill();
    },
    free(prediction) {
      if (!queue.delete(prediction)) busy -= 1;
      fill();
    },
    close: () => queue.clear(),
  };
}

const MEDIAN_MS = 6_000;
const SIGMA = 0.5;

/**
 * Returns the boot time of a prediction's machine in ms of the model's own time; 0 if it is warm.
 */
function coldStartMs(
  { model, serial }: SimulatedPrediction,
  { seed, coldStarts }: SimulatorSettings,
): number {
  const random = createRandom(`${seed}/${serial}/boot`);
  const isCold = random.next() < shareOf(coldStarts, model.coldStartRate);
  return isCold ? random.logNormal(MEDIAN_MS, SIGMA) : 0;
}

function shareOf(coldStarts: boolean | number, ownShare: number): number {
  if (typeof coldStarts === 'number') return coldStarts;
  return coldStarts ? ownShare : 0;
}

/** Returns the error that a prediction ends with; null if it succeeds. */
function failureOf(prediction: SimulatedPrediction, { seed, faults }: SimulatorSettings): string | null {
  const wanted = faults.onOutcome?.(prediction) ?? null;
  if (wanted !== null) return wanted;
  const random = createRandom(`${seed}/${prediction.serial}/failure`);
  return random.next() < (faults.predictionFailureRate ?? 0) ? random.pick(platformErrors) : null;
}

/** The predictions that are not final yet, with their timers and the calls that wait for them. */
interface Unfinished {
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

/** Creates an empty set of predictions whose own time passes `speed` times as fast as real time. */
export function createUnfinished(speed: number): Unfinished {
  const entries = new Map<SimulatedPrediction, Entry>();
  let isClosed = false;
  const realMs = (ms: number) => Math.min(ms / speed, maxTimerMs);
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
