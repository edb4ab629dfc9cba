import { formatUsd } from '../formatUsd.ts';
import { findPrice } from './findPrice.ts';
import { hardwarePrices } from './hardwarePrices.ts';
import type { ModelPrice } from './priceTable.ts';

/**
 * What a model's price is and where it is from, as a reader of a plan or report wants to know: `$0.003 an image
 * (replicate.com/pricing, 2026-10-07)`. Null where none is known. `perImageMicroUsd` takes the place of the table.
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
