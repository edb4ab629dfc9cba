import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { type PredictionJsonConfig, predictionJson } from './predictionJson.ts';
import { timestamp } from './timestamp.ts';

/** A prediction as `cancel` answers it: another backend, so another order, another precision and no logs. */
export function canceledJson(prediction: SimulatedPrediction, config: PredictionJsonConfig) {
  const { id, created_at: _, urls, logs: __, ...rest } = predictionJson(prediction, config);
  const createdAt = timestamp(prediction.createdAtMs, prediction.serial + 1);
  return { id, urls, created_at: createdAt, logs: null, webhook_completed: null, ...rest };
}
