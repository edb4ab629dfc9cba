import { imagesAskedFor } from '../../base/modelInput.ts';
import { formatUsd } from '../../base/text.ts';
import type { ProviderAnswers } from '../../ports.ts';
import type { ModelInput, Prediction } from '../../types.ts';
import { outputUrls } from '../wire/output.ts';
import { findPrice, hardwarePrices, type ModelPrice } from './priceTable.ts';

/**
 * Returns the cost of a finished prediction, in millionths of a US dollar; null if no price is
 * known.
 *
 * Models priced by image cost `metrics.image_count` if the service gives it, else the outputs are
 * counted, unless they are deleted. Models priced by time cost their `predict_time`. Failed and
 * aborted runs of public models are free, as are runs canceled before they started; other canceled
 * runs cost their time. `perImageMicroUsd` overrides the price table. Source: Replicate's billing
 * and prediction lifecycle pages.
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
  const count = secondsOf(value);
  return count !== null && Number.isInteger(count) ? count : null;
}

/** Also of a number that is written as a text. */
function secondsOf(value: unknown): number | null {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 ? seconds : null;
}

/**
 * Returns the price of so many output images with this input, in millionths of a US dollar; null if
 * the model is not priced by image or megapixel. Input pictures count as one megapixel each,
 * because their sizes are unknown.
 */
function imagesMicroUsd(price: ModelPrice, input: ModelInput, images: number): number | null {
  const { perImageMicroUsd, imagePricesBy, perMegapixelMicroUsd, perRunMicroUsd = 0 } = price;
  if (perMegapixelMicroUsd !== undefined) {
    const megapixels = images * megapixelsOf(input) + inputPictures(input);
    return perRunMicroUsd + perMegapixelMicroUsd * megapixels;
  }
  if (perImageMicroUsd === undefined) return null;
  const chosen = imagePricesBy?.microUsd[String(input[imagePricesBy.input])];
  return images * (chosen ?? perImageMicroUsd);
}

/**
 * Returns the megapixels of one output, from its sides or from words such as `2 MP`. Default: 1.
 */
function megapixelsOf({ width, height, resolution, megapixels }: ModelInput): number {
  if (typeof width === 'number' && typeof height === 'number') {
    return Math.max(1, Math.ceil((width * height) / 1_000_000));
  }
  const named = /^\d+(\.\d+)?(?=\s*(MP)?$)/i.exec(String(megapixels ?? resolution ?? ''))?.[0];
  return named === undefined ? 1 : Math.max(1, Math.ceil(Number(named)));
}

function inputPictures({ input_images: pictures }: ModelInput): number {
  return Array.isArray(pictures) ? pictures.length : 0;
}

/**
 * Estimates the cost of a prediction before it is created, in millionths of a US dollar; null if no
 * price is known. Counts the images that the input asks for (`num_outputs`, `max_images`,
 * `number_of_images`). `perImageMicroUsd` overrides the price table.
 */
export function estimateMicroUsd(model: string, input: ModelInput, perImageMicroUsd?: number): number | null {
  const images = imagesAskedFor(input);
  if (perImageMicroUsd !== undefined) return Math.ceil(perImageMicroUsd * images);
  const price = findPrice(model);
  if (price === undefined) return null;
  const { hardware, typicalMs } = price;
  if (hardware === undefined || typicalMs === undefined) return imagesMicroUsd(price, input, images);
  return Math.ceil((hardwarePrices[hardware] * typicalMs * images) / 1_000);
}

/**
 * Describes a model's price and its source, for people:
 * `$0.003 an image (replicate.com/pricing, 2026-10-07)`. Returns null if no price is known.
 * `perImageMicroUsd` overrides the price table.
 */
export function describePrice(model: string, perImageMicroUsd?: number): string | null {
  if (perImageMicroUsd !== undefined) return `${formatUsd(perImageMicroUsd)} an image (as given)`;
  const price = findPrice(model);
  const amount = price === undefined ? null : amountOf(price);
  return price === undefined || amount === null ? null : `${amount} (${price.source}, ${price.asOf})`;
}

function amountOf(price: ModelPrice): string | null {
  const { perImageMicroUsd, imagePricesBy, perMegapixelMicroUsd, perRunMicroUsd, hardware, typicalMs } =
    price;
  if (perMegapixelMicroUsd !== undefined) {
    const run = perRunMicroUsd === undefined ? '' : `${formatUsd(perRunMicroUsd)} a run and `;
    return `${run}${formatUsd(perMegapixelMicroUsd)} a megapixel`;
  }
  if (perImageMicroUsd !== undefined) {
    const others = Object.entries(imagePricesBy?.microUsd ?? {});
    const exceptions = others.map(
      ([value, microUsd]) => `, ${formatUsd(microUsd)} at ${imagePricesBy?.input} ${value}`,
    );
    return `${formatUsd(perImageMicroUsd)} an image${exceptions.join('')}`;
  }
  if (hardware === undefined) return null;
  const usual = typicalMs === undefined ? '' : `, usually ${typicalMs / 1_000} s`;
  return `${formatUsd(hardwarePrices[hardware])} a second on ${hardware}${usual}`;
}

/** The answers of a provider about money, all from one table. */
export const priceAnswers = {
  costOf: costMicroUsd,
  estimateOf: ({ model, input }, perImageMicroUsd) => estimateMicroUsd(model, input, perImageMicroUsd),
  describePrice,
} satisfies Partial<ProviderAnswers>;
