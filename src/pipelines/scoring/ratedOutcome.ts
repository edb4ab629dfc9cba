import type { Outcome } from '../../types.ts';

/** An outcome with its score, null for none, and with what the rating has cost: that is paid for the job too. */
export function ratedOutcome(outcome: Outcome, score: number | null, ratingUsd: number | null): Outcome {
  const { scoreCostUsd: before = 0, score: _score, ...metrics } = outcome.metrics;
  return {
    ...outcome,
    costUsd: sum(outcome.costUsd, ratingUsd, -Number(before)),
    metrics: {
      ...metrics,
      ...(score === null ? {} : { score }),
      ...(ratingUsd === 0 ? {} : { scoreCostUsd: ratingUsd }),
    },
  };
}

/** Whole micro-dollars: sums of fractions drift. */
function sum(...amounts: readonly (number | null)[]): number | null {
  let microUsd = 0;
  for (const usd of amounts) {
    if (usd === null) return null;
    microUsd += Math.round(usd * 1_000_000);
  }
  return microUsd / 1_000_000;
}
