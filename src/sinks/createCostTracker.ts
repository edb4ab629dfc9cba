import type { Outcome } from '../types.ts';
import { createTallyByName } from './createTallyByName.ts';

/** What one model's jobs came to. */
export interface ModelTotals {
  /** Jobs that ended with it. */
  readonly outcomes: number;
  /** Of these, saved: also those that used the result of an equal request. */
  readonly saved: number;
  /** Files made: originals of saved jobs, without those that an equal request had made already. */
  readonly images: number;
  /** Everything paid, failed attempts included. */
  readonly costUsd: number;
  /** `costUsd` over `images`, to the millionth; null where there is no image, or one without a known price. */
  readonly meanUsdPerImage: number | null;
  /** The model's own time for a prediction, by the service, to the millisecond; null where it told none. */
  readonly meanSecondsPerRun: number | null;
}

/** Adds up what models cost. */
export interface CostTracker {
  add(outcome: Outcome): void;
  /** By model, in the order of their first outcome. */
  byModel(): Readonly<Record<string, ModelTotals>>;
}

/** The sums behind the means; money in whole millionths, since sums of fractions drift. */
interface Sums {
  readonly outcomes: number;
  readonly saved: number;
  readonly images: number;
  readonly microUsd: number;
  readonly isPriceKnown: boolean;
  readonly runs: number;
  readonly runSeconds: number;
}

const NOTHING_YET: Sums = {
  outcomes: 0,
  saved: 0,
  images: 0,
  microUsd: 0,
  isPriceKnown: true,
  runs: 0,
  runSeconds: 0,
};

/**
 * Adds up outcomes by their model, in memory that does not grow with them; at most 1,000 models are told apart, further
 * ones are `(others)`.
 *
 *     const costs = createCostTracker();
 *     generate(plans, config).pipe(tap(costs.add)).subscribe();
 */
export function createCostTracker(): CostTracker {
  const models = createTallyByName(NOTHING_YET);
  return {
    add: (outcome) => models.update(outcome.model, (sums) => plus(sums, outcome)),
    byModel: () => Object.fromEntries(models.entries().map(([model, sums]) => [model, totalsOf(sums)])),
  };
}

function plus(sums: Sums, { status, cached, files, costUsd, metrics }: Outcome): Sums {
  const isSaved = status === 'saved';
  const isMade = isSaved && !cached;
  const runSeconds = cached || typeof metrics.predict_time !== 'number' ? null : metrics.predict_time;
  return {
    outcomes: sums.outcomes + 1,
    saved: sums.saved + (isSaved ? 1 : 0),
    images: sums.images + (isMade ? files.filter(({ role }) => role === 'original').length : 0),
    microUsd: sums.microUsd + Math.round((costUsd ?? 0) * 1_000_000),
    isPriceKnown: sums.isPriceKnown && !(isMade && costUsd === null),
    runs: sums.runs + (runSeconds === null ? 0 : 1),
    runSeconds: sums.runSeconds + (runSeconds ?? 0),
  };
}

function totalsOf({ outcomes, saved, images, microUsd, isPriceKnown, runs, runSeconds }: Sums): ModelTotals {
  return {
    outcomes,
    saved,
    images,
    costUsd: microUsd / 1_000_000,
    meanUsdPerImage: images === 0 || !isPriceKnown ? null : Math.round(microUsd / images) / 1_000_000,
    meanSecondsPerRun: runs === 0 ? null : Math.round((runSeconds / runs) * 1_000) / 1_000,
  };
}
