import { createRandom } from './createRandom.ts';
import type { SimulatedModel } from './models/SimulatedModel.ts';
import { versionOf } from './models/versionOf.ts';
import { newId } from './newId.ts';
import type { SimulatorSettings } from './readSettings.ts';
import type { SimulatedPrediction, WebhookOrder } from './SimulatedPrediction.ts';

/** How a prediction is asked for. */
export interface PredictionWish {
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
