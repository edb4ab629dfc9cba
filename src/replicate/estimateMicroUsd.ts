import type { ModelInput } from '../types.ts';
import { findPrice } from './findPrice.ts';
import { hardwarePrices } from './hardwarePrices.ts';
import { imagesMicroUsd } from './imagesMicroUsd.ts';

/**
 * What a prediction will cost, in millionths of a US dollar, before it is made; null where no price is known. Counts
 * the images that the input asks for (`num_outputs`, `max_images`, `number_of_images`). `perImageMicroUsd` takes the
 * place of the table.
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

function imagesAskedFor({ num_outputs, max_images, number_of_images }: ModelInput): number {
  const asked = Number(num_outputs ?? max_images ?? number_of_images ?? 1);
  return Number.isInteger(asked) && asked >= 1 ? asked : 1;
}
