import type { ProviderAnswers } from '../../../ports.ts';
import type { PricedRequest } from '../../../types.ts';

/**
 * Returns the money that a budget reserves for a request, in millionths of a US dollar: its own
 * price, or that of the service if it is higher. Null if neither is known.
 */
export function expectedPrice(
  { priceMicroUsd, ...request }: PricedRequest,
  { estimateOf }: Pick<Partial<ProviderAnswers>, 'estimateOf'>,
): number | null {
  const ownMicroUsd = estimateOf?.(request) ?? null;
  return ownMicroUsd === null ? priceMicroUsd : Math.max(ownMicroUsd, priceMicroUsd ?? 0);
}
