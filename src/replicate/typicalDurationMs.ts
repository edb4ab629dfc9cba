import { findPrice } from './findPrice.ts';

/** How long a prediction of this model usually runs, in ms; null where nobody knows. */
export function typicalDurationMs(model: string): number | null {
  return findPrice(model)?.typicalMs ?? null;
}
