import type { PredictionStatus } from '../types.ts';
import { createRandom, type Random } from './createRandom.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

export interface PredictionsConfig {
  seed: number;
  /** Divides all durations. */
  speed: number;
  /** Predictions that run at the same time; the others wait. */
  slots: number;
  /** Median run time in ms, over the model's own. */
  medianMs: number | undefined;
  /** Spread of the logarithm of run times; 0 makes all equal to the median. */
  sigma: number;
  /** The URL of an output file. */
  urlOf: (id: string, place: number, extension: string) => string;
  /** The error that a prediction ends with; null where it succeeds. */
  faultOf: (prediction: SimulatedPrediction) => string | null;
}

/** How a prediction is asked for. */
export interface NewPrediction {
  readonly model: SimulatedModel;
  readonly version: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** In the model's own time. */
  readonly cancelAfterMs: number | null;
}

/** All predictions of a simulator, and the clock that moves them on. */
export interface Predictions {
  create(wanted: NewPrediction): SimulatedPrediction;
  get(id: string): SimulatedPrediction | undefined;
  cancel(prediction: SimulatedPrediction): void;
  /** Resolves when the prediction is final, or after this long; never rejects. */
  whenFinal(prediction: SimulatedPrediction, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Oldest first. */
  all(): readonly SimulatedPrediction[];
  readonly inFlight: number;
  readonly maxInFlight: number;
  close(): void;
}

const COLD_START_MS = 6_000;
const COLD_START_SIGMA = 0.5;

/** Runs predictions in real time: starting while no slot is free or the machine is cold, processing, then final. */
export function createPredictions(config: PredictionsConfig): Predictions {
  const { seed, speed, slots, medianMs, sigma, urlOf, faultOf } = config;
  const all: SimulatedPrediction[] = [];
  const byId = new Map<string, SimulatedPrediction>();
  const listeners = new Map<string, Set<() => void>>();
  const timers = new Map<string, Set<NodeJS.Timeout>>();
  const waiting = new Set<SimulatedPrediction>();
  let running = 0;
  let inFlight = 0;
  let maxInFlight = 0;

  const after = (prediction: SimulatedPrediction, ms: number, act: () => void) => {
    const timer = setTimeout(act, ms / speed);
    const own = timers.get(prediction.id) ?? new Set();
    timers.set(prediction.id, own.add(timer));
  };
  const fillSlots = () => {
    for (const prediction of waiting) {
      if (running >= slots) return;
      waiting.delete(prediction);
      running += 1;
      boot(prediction);
    }
  };
  const boot = (prediction: SimulatedPrediction) => {
    const random = randomOf(prediction, 'boot');
    const isCold = random.next() < prediction.model.coldStartRate;
    if (!isCold) return run(prediction);
    after(prediction, random.logNormal(COLD_START_MS, COLD_START_SIGMA), () => run(prediction));
  };
  const run = (prediction: SimulatedPrediction) => {
    prediction.status = 'processing';
    prediction.startedAtMs = Date.now();
    after(prediction, prediction.runMs, () => {
      prediction.error = faultOf(prediction);
      end(prediction, prediction.error === null ? 'succeeded' : 'failed');
    });
  };
  const end = (prediction: SimulatedPrediction, status: PredictionStatus) => {
    if (isFinal(prediction)) return;
    for (const timer of timers.get(prediction.id) ?? []) clearTimeout(timer);
    timers.delete(prediction.id);
    prediction.status = status;
    prediction.completedAtMs = Date.now();
    if (status === 'succeeded') prediction.outputs = outputsOf(prediction, urlOf);
    prediction.costMicroUsd = costOf(prediction, speed);
    if (!waiting.delete(prediction)) running -= 1;
    inFlight -= 1;
    for (const tell of listeners.get(prediction.id) ?? []) tell();
    listeners.delete(prediction.id);
    fillSlots();
  };
  const randomOf = ({ serial }: { serial: number }, purpose: string): Random =>
    createRandom(`${seed}/${serial}/${purpose}`);

  return {
    create({ model, version, input, cancelAfterMs }) {
      const serial = all.length;
      const random = randomOf({ serial }, 'prediction');
      const createdAtMs = Date.now();
      const prediction: SimulatedPrediction = {
        id: random.id(26),
        serial,
        model,
        version,
        input,
        settings: { ...defaultsOf(model), ...input },
        createdAtMs,
        deadlineMs: cancelAfterMs === null ? null : createdAtMs + cancelAfterMs / speed,
        runMs: random.logNormal(medianMs ?? model.medianMs, sigma),
        status: 'starting',
        startedAtMs: null,
        completedAtMs: null,
        outputs: [],
        error: null,
        costMicroUsd: 0,
      };
      all.push(prediction);
      byId.set(prediction.id, prediction);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      waiting.add(prediction);
      if (cancelAfterMs !== null) {
        after(prediction, cancelAfterMs, () =>
          end(prediction, prediction.status === 'starting' ? 'aborted' : 'canceled'),
        );
      }
      fillSlots();
      return prediction;
    },
    get: (id) => byId.get(id),
    cancel: (prediction) => end(prediction, 'canceled'),
    whenFinal(prediction, waitMs, signal) {
      return new Promise((resolve) => {
        if (isFinal(prediction)) return resolve();
        const own = listeners.get(prediction.id) ?? new Set();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          own.delete(done);
          resolve();
        };
        const timer = setTimeout(done, waitMs / speed);
        signal.addEventListener('abort', done, { once: true });
        listeners.set(prediction.id, own.add(done));
      });
    },
    all: () => all,
    get inFlight() {
      return inFlight;
    },
    get maxInFlight() {
      return maxInFlight;
    },
    close() {
      for (const own of timers.values()) for (const timer of own) clearTimeout(timer);
      for (const own of listeners.values()) for (const tell of [...own]) tell();
      waiting.clear();
    },
  };
}

function defaultsOf({ inputs }: SimulatedModel): Readonly<Record<string, unknown>> {
  const preset = Object.entries(inputs).filter(([, definition]) => definition.default !== undefined);
  return Object.fromEntries(preset.map(([name, definition]) => [name, definition.default]));
}

function isFinal({ completedAtMs }: SimulatedPrediction): boolean {
  return completedAtMs !== null;
}

function outputsOf({ id, settings }: SimulatedPrediction, urlOf: PredictionsConfig['urlOf']): string[] {
  const count = Number(settings.num_outputs ?? settings.max_images ?? 1);
  const extension = String(settings.output_format ?? 'png');
  return Array.from({ length: count }, (_, place) => urlOf(id, place, extension));
}

/** Failed and aborted runs are free, canceled ones pay for their time, the others by image or by second. */
function costOf(prediction: SimulatedPrediction, speed: number): number {
  const { status, model, outputs, startedAtMs, completedAtMs, runMs } = prediction;
  const { price } = model;
  if (status === 'failed' || status === 'aborted' || startedAtMs === null) return 0;
  if (status === 'succeeded') {
    return 'perImageMicroUsd' in price
      ? price.perImageMicroUsd * outputs.length
      : Math.ceil((price.perSecondMicroUsd * runMs) / 1_000);
  }
  const ranMs = ((completedAtMs ?? startedAtMs) - startedAtMs) * speed;
  return 'perSecondMicroUsd' in price ? Math.ceil((price.perSecondMicroUsd * ranMs) / 1_000) : 0;
}
