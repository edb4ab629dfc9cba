import type { ScoringModel } from '../pipelines/scoring/ScoringModel.ts';
import { estimateMicroUsd } from '../replicate/estimateMicroUsd.ts';
import type { RatedBy } from './planSummary.ts';

/** What a plan says of the model that rates its pictures. */
export function ratedBy({ model, input, priceMicroUsd }: ScoringModel): RatedBy {
  return { model, priceMicroUsd: estimateMicroUsd(model, input, priceMicroUsd ?? undefined) };
}
