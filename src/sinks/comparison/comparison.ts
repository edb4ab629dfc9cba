import { toMicroUsd } from '../../base/text.ts';
import type { Json, Outcome } from '../../types.ts';

/** Figures of one model in a comparison. */
export interface ComparedModel {
  readonly model: string;
  readonly images: number;
  readonly failed: number;
  /** Median of `predict_time`; null if nothing was made. */
  readonly predictSeconds: number | null;
  /** Median time from the create request to the end; null if nothing was made. */
  readonly totalSeconds: number | null;
  readonly costUsd: number;
  /** Null if no price is known, or nothing was made. */
  readonly usdPerImage: number | null;
  /** Path of the first image, relative to the run folder; null if there is none. */
  readonly image: string | null;
}

/** The content of `comparison.json`. */
export interface Comparison {
  /** Sorted by speed, the fastest first; models that made nothing last. */
  readonly models: readonly ComparedModel[];
  readonly fastest: string | null;
  readonly cheapest: string | null;
}

/** Sums up outcomes by model. */
export async function compareOutcomes(outcomes: AsyncIterable<Outcome>): Promise<Comparison> {
  const byModel = new Map<string, Outcome[]>();
  for await (const outcome of outcomes) {
    byModel.set(outcome.model, [...(byModel.get(outcome.model) ?? []), outcome]);
  }
  const models = [...byModel].map(([model, own]) => compared(model, own)).sort(bySpeed);
  const priced = models.filter(({ usdPerImage }) => usdPerImage !== null);
  const cheapest = priced.toSorted((a, b) => (a.usdPerImage ?? 0) - (b.usdPerImage ?? 0))[0];
  const fastest = models.find(({ predictSeconds }) => predictSeconds !== null);
  return { models, fastest: fastest?.model ?? null, cheapest: cheapest?.model ?? null };
}

function compared(model: string, outcomes: readonly Outcome[]): ComparedModel {
  const saved = outcomes.filter(({ status }) => status === 'saved');
  const originals = saved.flatMap(({ files }) => files.filter(({ role }) => role === 'original'));
  const microUsd = outcomes.reduce((sum, { costUsd }) => sum + toMicroUsd(costUsd ?? 0), 0);
  const isPriced = originals.length > 0 && saved.every(({ costUsd }) => costUsd !== null);
  return {
    model,
    images: originals.length,
    failed: outcomes.filter(({ status }) => status === 'failed').length,
    predictSeconds: median(saved.map(({ metrics }) => metrics.predict_time)),
    totalSeconds: median(saved.map(({ metrics }) => metrics.total_time)),
    costUsd: microUsd / 1_000_000,
    usdPerImage: isPriced ? Math.round(microUsd / originals.length) / 1_000_000 : null,
    image: originals[0]?.path ?? null,
  };
}

/** Returns the middle value, or the mean of the two in the middle. */
function median(values: readonly (Json | undefined)[]): number | null {
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function bySpeed(a: ComparedModel, b: ComparedModel): number {
  return (a.predictSeconds ?? Number.POSITIVE_INFINITY) - (b.predictSeconds ?? Number.POSITIVE_INFINITY) || 0;
}
