import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { type PredictionJsonConfig, predictionJson } from './predictionJson.ts';

/** A prediction as an item of the list: without logs. */
export function listedJson(prediction: SimulatedPrediction, config: PredictionJsonConfig) {
  const { logs: _, ...rest } = predictionJson(prediction, config);
  return rest;
}
