import { type SimulatedModel, versionOf } from '../models/simulatedModel.ts';
import type { SimulatorSettings } from './config.ts';
import { createRandom, newId } from './random.ts';
import { createRunner, createUnfinished, type RunnerConfig } from './runner.ts';
import type { SimulatedPrediction, WebhookOrder } from './simulatedPrediction.ts';

/** All predictions of a simulator. */
export interface Predictions {
  create(request: PredictionRequest): SimulatedPrediction;
  get(id: string): SimulatedPrediction | undefined;
  /** Ends a prediction; does nothing if it is final. */
  cancel(prediction: SimulatedPrediction): void;
  /**
   * Resolves when the prediction is final, after `waitMs` in its own time, or when the signal is
   * aborted; never rejects.
   */
  whenFinal(prediction: SimulatedPrediction, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Oldest first. */
  all(): readonly SimulatedPrediction[];
  /** Stops all timers and resolves everything that waits for a prediction. */
  close(): void;
}

/**
 * Runs predictions in real time: starting while no slot is free or the machine is cold, processing,
 * then final.
 */
export function createPredictions(config: RunnerConfig): Predictions {
  const { settings, counters } = config;
  const all: SimulatedPrediction[] = [];
  const byId = new Map<string, SimulatedPrediction>();
  const unfinished = createUnfinished(settings.speed);
  const runner = createRunner(config, unfinished);
  return {
    create(request) {
      const prediction = newPrediction(request, all.length, settings);
      all.push(prediction);
      byId.set(prediction.id, prediction);
      unfinished.add(prediction);
      counters.countCreated();
      if (request.cancelAfterMs !== null) {
        unfinished.after(prediction, request.cancelAfterMs, () =>
          runner.end(prediction, prediction.status === 'starting' ? 'aborted' : 'canceled'),
        );
      }
      runner.start(prediction);
      return prediction;
    },
    get: (id) => byId.get(id),
    cancel: (prediction) => runner.end(prediction, 'canceled'),
    whenFinal: unfinished.whenFinal,
    all: () => all,
    close() {
      runner.close();
      unfinished.close();
    },
  };
}

/** A request for a new prediction. */
interface PredictionRequest {
  /** Null: a new id. */
  readonly id: string | null;
  readonly model: SimulatedModel;
  /** `owner/name` of the deployment that runs it; null: none. */
  readonly deployment: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  /**
   * Time from creation after which the service ends the prediction, in ms of the model's own time;
   * null: never.
   */
  readonly cancelAfterMs: number | null;
  readonly webhook: WebhookOrder | null;
}

/** Creates a prediction. Its run time follows from the seed and the serial number. */
export function newPrediction(
  { id, model, deployment, input, cancelAfterMs, webhook }: PredictionRequest,
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
    deployment,
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

/** Returns true if a prediction's input, output and files have outlived their lifetime. */
export function isRemoved(
  prediction: SimulatedPrediction,
  { outputLifetimeMs, faults }: SimulatorSettings,
): boolean {
  const { completedAtMs } = prediction;
  if (completedAtMs === null) return false;
  return Date.now() - completedAtMs >= (faults.lifetimeMs?.(prediction) ?? outputLifetimeMs);
}

/** Returns true if the list shows a prediction by now. */
export function isListed(prediction: SimulatedPrediction, { faults }: SimulatorSettings): boolean {
  const lagMs = faults.listLagMs?.(prediction) ?? 0;
  return lagMs <= 0 || Date.now() - prediction.createdAtMs >= lagMs;
}
