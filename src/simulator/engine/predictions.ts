import { type SimulatedModel, versionOf } from '../models/simulatedModel.ts';
import type { FinalStatus, SimulatorSettings } from './config.ts';
import type { Counters } from './counters.ts';
import { createRandom, newId } from './random.ts';
import {
  costOf,
  platformErrors,
  type SimulatedPrediction,
  type WebhookOrder,
} from './simulatedPrediction.ts';
import type { Webhooks } from './webhooks.ts';

interface PredictionsConfig {
  settings: SimulatorSettings;
  counters: Counters;
  /** The URLs of all that a prediction has made. */
  outputsOf: (prediction: SimulatedPrediction) => Promise<readonly string[]>;
  /** Told of what happens to a prediction. */
  tell: Webhooks['tell'];
}

/** All predictions of a simulator, and the clock that moves them on. */
export interface Predictions {
  create(wish: PredictionWish): SimulatedPrediction;
  get(id: string): SimulatedPrediction | undefined;
  /** Ends a prediction; does nothing where it has ended. */
  cancel(prediction: SimulatedPrediction): void;
  /** Resolves when the prediction is final, after this long in its own time, or when the signal is aborted; never rejects. */
  whenFinal(prediction: SimulatedPrediction, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Oldest first. */
  all(): readonly SimulatedPrediction[];
  /** Stops the clock and lets all who wait go. */
  close(): void;
}

/** What is kept about a prediction only until it is final. */
interface Unfinished {
  readonly timers: NodeJS.Timeout[];
  readonly listeners: Set<() => void>;
}

/** Timers with a longer wait would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs predictions in real time: starting while no slot is free or the machine is cold, processing, then final. */
export function createPredictions({ settings, counters, outputsOf, tell }: PredictionsConfig): Predictions {
  const { speed, slots } = settings;
  const all: SimulatedPrediction[] = [];
  const byId = new Map<string, SimulatedPrediction>();
  const unfinished = new Map<SimulatedPrediction, Unfinished>();
  const queue = new Set<SimulatedPrediction>();
  let busySlots = 0;
  let isClosed = false;

  const after = (prediction: SimulatedPrediction, ms: number, act: () => void): void => {
    if (isClosed) return;
    const timer = setTimeout(act, Math.min(ms / speed, LONGEST_TIMER_MS));
    unfinished.get(prediction)?.timers.push(timer);
  };
  const fillSlots = (): void => {
    for (const prediction of queue) {
      if (busySlots >= slots) return;
      queue.delete(prediction);
      busySlots += 1;
      boot(prediction);
    }
  };
  const boot = (prediction: SimulatedPrediction): void => {
    const bootMs = coldStartMs(prediction, settings);
    if (bootMs > 0) after(prediction, bootMs, () => run(prediction));
    else run(prediction);
  };
  const run = (prediction: SimulatedPrediction): void => {
    prediction.status = 'processing';
    prediction.startedAtMs = Date.now();
    tell(prediction, 'start');
    tell(prediction, 'logs');
    after(prediction, prediction.runMs, () => void finish(prediction));
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
    const open = unfinished.get(prediction);
    if (open === undefined) return;
    unfinished.delete(prediction);
    for (const timer of open.timers) clearTimeout(timer);
    prediction.status = status;
    prediction.error = error;
    prediction.outputs = outputs;
    prediction.completedAtMs = Date.now();
    prediction.costMicroUsd = costOf(prediction, speed);
    counters.countEnded(prediction, status);
    if (status === 'succeeded') tell(prediction, 'output');
    // The service documents it for these three, so an aborted one is found out only by asking.
    if (status !== 'aborted') tell(prediction, 'completed');
    if (!queue.delete(prediction)) busySlots -= 1;
    for (const tell of [...open.listeners]) tell();
    fillSlots();
  };

  return {
    create(wish) {
      const prediction = newPrediction(wish, all.length, settings);
      all.push(prediction);
      byId.set(prediction.id, prediction);
      unfinished.set(prediction, { timers: [], listeners: new Set() });
      counters.countCreated();
      queue.add(prediction);
      if (wish.cancelAfterMs !== null) {
        after(prediction, wish.cancelAfterMs, () =>
          end(prediction, prediction.status === 'starting' ? 'aborted' : 'canceled'),
        );
      }
      fillSlots();
      return prediction;
    },
    get: (id) => byId.get(id),
    cancel: (prediction) => end(prediction, 'canceled'),
    whenFinal(prediction, waitMs, signal) {
      const listeners = unfinished.get(prediction)?.listeners;
      return new Promise((resolve) => {
        if (listeners === undefined || signal.aborted) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          listeners.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(waitMs / speed, LONGEST_TIMER_MS));
        signal.addEventListener('abort', done, { once: true });
        listeners.add(done);
      });
    },
    all: () => all,
    close() {
      isClosed = true;
      queue.clear();
      for (const { timers, listeners } of unfinished.values()) {
        for (const timer of timers) clearTimeout(timer);
        for (const tell of [...listeners]) tell();
      }
    },
  };
}

/** How a prediction is asked for. */
interface PredictionWish {
  /** Null: a new one. */
  readonly id: string | null;
  readonly model: SimulatedModel;
  readonly input: Readonly<Record<string, unknown>>;
  /** The prediction is ended by itself this long after its creation, in the model's own time; null: never. */
  readonly cancelAfterMs: number | null;
  readonly webhook: WebhookOrder | null;
}

/** A prediction that has just been created. Its run time follows from the seed and the serial number. */
export function newPrediction(
  { id, model, input, cancelAfterMs, webhook }: PredictionWish,
  serial: number,
  settings: SimulatorSettings,
): SimulatedPrediction {
  const random = createRandom(`${settings.seed}/${serial}/prediction`);
  const own = settings.durations[model.name];
  const medianMs = own?.medianMs ?? settings.medianMs ?? model.medianMs;
  const createdAtMs = Date.now();
  return {
    id: id ?? newId(),
    serial,
    model,
    version: versionOf(model),
    input,
    webhook,
    createdAtMs,
    deadlineMs: cancelAfterMs === null ? null : createdAtMs + cancelAfterMs / settings.speed,
    runMs: Math.round(random.logNormal(medianMs, own?.sigma ?? settings.sigma)),
    status: 'starting',
    startedAtMs: null,
    completedAtMs: null,
    outputs: [],
    error: null,
    costMicroUsd: 0,
  };
}

const MEDIAN_MS = 6_000;
const SIGMA = 0.5;

/** How long the machine of a prediction takes to boot, in the model's own time; 0 where it is warm. */
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

/** The error that a prediction ends with; null where it succeeds. */
function failureOf(prediction: SimulatedPrediction, { seed, faults }: SimulatorSettings): string | null {
  const wanted = faults.onOutcome?.(prediction) ?? null;
  if (wanted !== null) return wanted;
  const random = createRandom(`${seed}/${prediction.serial}/failure`);
  return random.next() < (faults.predictionFailureRate ?? 0) ? random.pick(platformErrors) : null;
}

/** Whether a prediction's input, output and files are gone, because it ended longer ago than they are kept. */
export function isRemoved(
  prediction: SimulatedPrediction,
  { outputLifetimeMs, faults }: SimulatorSettings,
): boolean {
  const { completedAtMs } = prediction;
  if (completedAtMs === null) return false;
  return Date.now() - completedAtMs >= (faults.lifetimeMs?.(prediction) ?? outputLifetimeMs);
}
