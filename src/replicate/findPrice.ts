import { type ModelPrice, priceTable } from './priceTable.ts';

const byModel = new Map(priceTable.map((price) => [price.model, price]));

/** The row of a model (`owner/name`) in the price table. */
export function findPrice(model: string): ModelPrice | undefined {
  return byModel.get(model);
}
