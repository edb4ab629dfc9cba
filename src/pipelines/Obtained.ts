import type { FetchedOutput, PricedRequest } from '../types.ts';

/** Originals on disk, and the request that made them: the plan's, or a fallback's. */
export interface Obtained extends FetchedOutput {
  readonly request: PricedRequest;
}
