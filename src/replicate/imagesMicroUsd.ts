import type { ModelInput } from '../types.ts';
import type { ModelPrice } from './priceTable.ts';

/**
 * What so many output images cost with this input, in millionths of a US dollar; null where the model is priced
 * by something else. Input pictures count as one megapixel each, as nobody has looked at them.
 */
export function imagesMicroUsd(price: ModelPrice, input: ModelInput, images: number): number | null {
  const { perImageMicroUsd, imagePricesBy, perMegapixelMicroUsd, perRunMicroUsd = 0 } = price;
  if (perMegapixelMicroUsd !== undefined) {
    const megapixels = images * megapixelsOf(input) + inputPictures(input);
    return perRunMicroUsd + perMegapixelMicroUsd * megapixels;
  }
  if (perImageMicroUsd === undefined) return null;
  const chosen = imagePricesBy?.microUsd[String(input[imagePricesBy.input])];
  return images * (chosen ?? perImageMicroUsd);
}

/** Of one output: from its sides, or from words such as `2 MP`. One where neither says it. */
function megapixelsOf({ width, height, resolution, megapixels }: ModelInput): number {
  if (typeof width === 'number' && typeof height === 'number') {
    return Math.max(1, Math.ceil((width * height) / 1_000_000));
  }
  const told = /^\d+(\.\d+)?(?=\s*(MP)?$)/i.exec(String(megapixels ?? resolution ?? ''))?.[0];
  return told === undefined ? 1 : Math.max(1, Math.ceil(Number(told)));
}

function inputPictures({ input_images: pictures }: ModelInput): number {
  return Array.isArray(pictures) ? pictures.length : 0;
}
