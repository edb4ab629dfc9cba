import type { Prediction } from '../types.ts';
import { findPrice } from './findPrice.ts';
import { outputUrls } from './outputUrls.ts';

/**
 * What a prediction did cost, in millionths of a US dollar; null where no price is known. `metrics.image_count` is the
 * billed quantity where the service gives it, else the outputs are counted; models priced by time cost their
 * `predict_time`. Failed and aborted runs of public models are free; canceled ones pay for their time.
 * Source: Replicate's billing and prediction lifecycle pages.
 */
export function costMicroUsd(prediction: Prediction, perImageMicroUsd?: number): number | null {
  const { model, status, metrics, output } = prediction;
  if (status === 'failed' || status === 'aborted') return 0;
  const price = findPrice(model);
  const perImage = perImageMicroUsd ?? price?.perImageMicroUsd;
  if (perImage !== undefined) return perImage * (countOf(metrics.image_count) ?? outputUrls(output).length);
  const seconds = secondsOf(metrics.predict_time);
  if (price?.perSecondMicroUsd === undefined || seconds === null) return status === 'canceled' ? 0 : null;
  return Math.ceil(price.perSecondMicroUsd * seconds);
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function secondsOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null;
}
