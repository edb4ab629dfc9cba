/** The price of one output image, of a model or of all. */
export interface GivenPrice {
  /** `owner/name`; null for every model without a price of its own. */
  readonly model: string | null;
  readonly microUsd: number;
}

/** The prices of a run, as its settings have them. */
export interface RunPrices {
  readonly priceMicroUsd?: number;
  readonly pricesMicroUsd?: Readonly<Record<string, number>>;
}

/** Returns prices that were given in order; a later one of the same model wins. */
export function runPrices(prices: readonly GivenPrice[]): RunPrices {
  const all = prices.findLast(({ model }) => model === null);
  const own = prices.flatMap(({ model, microUsd }) => (model === null ? [] : [[model, microUsd] as const]));
  return {
    ...(all === undefined ? {} : { priceMicroUsd: all.microUsd }),
    ...(own.length === 0 ? {} : { pricesMicroUsd: Object.fromEntries(own) }),
  };
}
