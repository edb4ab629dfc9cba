import type { ModelInput } from '../types.ts';
import { findPrice } from './findPrice.ts';

/**
 * What a prediction will cost, in millionths of a US dollar, before it is made; null where no price is known. Counts
 * the images that the input asks for (`num_outputs`, `max_images`, `number_of_images`). `perImageMicroUsd` takes the
 * place of the table.
 */
export function estimateMicroUsd(model: string, input: ModelInput, perImageMicroUsd?: number): number | null {
  const price = findPrice(model);
  const perImage = perImageMicroUsd ?? price?.perImageMicroUsd;
  if (perImage !== undefined) return perImage * imagesAskedFor(input);
  if (price?.perSecondMicroUsd === undefined || price.typicalMs === undefined) return null;
  return Math.ceil((price.perSecondMicroUsd * price.typicalMs * imagesAskedFor(input)) / 1_000);
}

function imagesAskedFor({ num_outputs, max_images, number_of_images }: ModelInput): number {
  const asked = Number(num_outputs ?? max_images ?? number_of_images ?? 1);
  return Number.isInteger(asked) && asked >= 1 ? asked : 1;
}
