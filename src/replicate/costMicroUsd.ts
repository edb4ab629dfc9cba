import type { Prediction } from '../types.ts';
import { findPrice } from './findPrice.ts';
import { hardwarePrices } from './hardwarePrices.ts';
import { imagesMicroUsd } from './imagesMicroUsd.ts';
import { outputUrls } from './outputUrls.ts';

/**
 * What a prediction did cost, in millionths of a US dollar; null where no price is known. `metrics.image_count` is the
 * billed quantity where the service gives it, else the outputs are counted, as long as they are there; models priced by time cost their
 * `predict_time`. Failed and aborted runs of public models are free, and so is what was canceled before it ran; canceled
 * ones pay for their time. `perImageMicroUsd` takes the place of the table.
 * Source: Replicate's billing and prediction lifecycle pages.
 */
export function costMicroUsd(prediction: Prediction, perImageMicroUsd?: number): number | null {
  const { model, status, input, metrics, output, dataRemoved } = prediction;
  if (status === 'failed' || status === 'aborted') return 0;
  const images = countOf(metrics.image_count) ?? (dataRemoved ? null : outputUrls(output).length);
  if (perImageMicroUsd !== undefined) return images === null ? null : Math.ceil(perImageMicroUsd * images);
  const price = findPrice(model);
  const seconds = secondsOf(metrics.predict_time);
  if (status === 'canceled' && seconds === null) return 0;
  if (price === undefined) return null;
  if (price.hardware === undefined)
    return images === null ? null : imagesMicroUsd(price, input ?? {}, images);
  return seconds === null ? null : Math.ceil(hardwarePrices[price.hardware] * seconds);
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function secondsOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null;
}
