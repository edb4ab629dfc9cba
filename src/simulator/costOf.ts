import type { SimulatedPrediction } from './SimulatedPrediction.ts';
import { timesOf } from './timesOf.ts';

/**
 * What an ended prediction costs, in millionths of a US dollar. Failed and aborted runs are free; succeeded ones pay by
 * image or by second, as their model does; canceled ones pay for their seconds.
 */
export function costOf(prediction: SimulatedPrediction, speed: number): number {
  const { status, model, outputs } = prediction;
  if (status === 'failed' || status === 'aborted') return 0;
  if ('perSecondMicroUsd' in model.price) {
    return Math.ceil(model.price.perSecondMicroUsd * timesOf(prediction, speed).predictS);
  }
  return status === 'succeeded' ? model.price.perImageMicroUsd * outputs.length : 0;
}
