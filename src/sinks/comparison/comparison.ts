import { toMicroUsd } from '../../base/text.ts';
import type { Json, Outcome, OutcomeFile } from '../../types.ts';

/** The times of one model in a comparison. */
export interface ComparedTimes {
  /** Median of `predict_time`; null if the service reported none. */
  readonly predictSeconds: number | null;
  /** Median time from the create request to the end; null if the service reported none. */
  readonly totalSeconds: number | null;
  /**
   * Median time from the create request to its response, by the clock of this machine, of jobs
   * whose `predict_time` the service did not report; null if there are none.
   */
  readonly ownWallSeconds: number | null;
  /** Jobs that made images, and whose `predict_time` the service did not report. */
  readonly unmeasured: number;
}

/** Figures of one model in a comparison. */
export interface ComparedModel extends ComparedTimes {
  /** Its own name in the comparison; without one, that of the model. */
  readonly name: string;
  /** `owner/name`. */
  readonly model: string;
  readonly images: number;
  readonly failed: number;
  readonly costUsd: number;
  /** Part of `costUsd` that is an estimate; 0 if none is. */
  readonly estimatedUsd: number;
  /** Cost over the images made; null if no price is known, or none was made. */
  readonly usdPerImage: number | null;
  /** Path of the first image, relative to the run folder; null if there is none. */
  readonly image: string | null;
}

/** The content of `comparison.json`. */
export interface Comparison {
  /** Sorted by speed, the fastest first; models without a time last. */
  readonly models: readonly ComparedModel[];
  /** Names; several in a tie. None if the run time of an image is unknown: it may be shorter. */
  readonly fastest: readonly string[];
  /** Names; several in a tie. None if a price is unknown or an estimate: it may be lower. */
  readonly cheapest: readonly string[];
}

/**
 * Sums up outcomes by model, or by the tag `model` if models have names of their own there. The
 * images of a fallback count for that model.
 */
export async function compareOutcomes(outcomes: AsyncIterable<Outcome>): Promise<Comparison> {
  const byName = new Map<string, Outcome[]>();
  const names = new Map<string, string>();
  const add = (name: string, outcome: Outcome) => byName.set(name, [...(byName.get(name) ?? []), outcome]);
  const byFallback: Outcome[] = [];
  for await (const outcome of outcomes) {
    const { model, fallbackLevel } = outcome;
    if (fallbackLevel !== undefined) {
      byFallback.push(outcome);
      continue;
    }
    const name = nameOf(outcome);
    names.set(model, names.get(model) ?? name);
    add(name, outcome);
  }
  for (const outcome of byFallback) add(names.get(outcome.model) ?? outcome.model, outcome);
  const models = [...byName].map(([name, own]) => compared(name, own)).sort(bySpeed);
  const rivals = models.filter(({ images }) => images > 0);
  const fastest = rivals.every(isMeasured) ? lowest(rivals, 'predictSeconds') : [];
  const cheapest = rivals.every(isPriced) ? lowest(rivals, 'usdPerImage') : [];
  return { models, fastest, cheapest };
}

/** Returns the names of the models that share the lowest figure. */
function lowest(rivals: readonly ComparedModel[], figure: 'predictSeconds' | 'usdPerImage'): string[] {
  const best = Math.min(...rivals.map((model) => model[figure] ?? Number.POSITIVE_INFINITY));
  return rivals.filter((model) => model[figure] === best).map(({ name }) => name);
}

/** Returns true if the service reported the run time of every image that a model made. */
export function isMeasured({ unmeasured, predictSeconds }: ComparedModel): boolean {
  return unmeasured === 0 && predictSeconds !== null;
}

/** Returns true if the cost of every image that a model made is known. */
export function isPriced({ usdPerImage, estimatedUsd }: ComparedModel): boolean {
  return usdPerImage !== null && estimatedUsd === 0;
}

/** Returns the name of an outcome's model: its tag, unless that is a short form of the model's. */
function nameOf({ model, tags }: Pick<Outcome, 'model' | 'tags'>): string {
  const { model: tag } = tags;
  return tag === undefined || model.endsWith(`/${tag}`) ? model : tag;
}

function compared(name: string, outcomes: readonly Outcome[]): ComparedModel {
  const saved = outcomes.filter(({ status }) => status === 'saved');
  const made = saved.filter(({ cached }) => !cached);
  const originals = saved.flatMap(originalsOf);
  const madeImages = made.flatMap(originalsOf).length;
  const microUsd = sum(outcomes.map(({ costUsd }) => costUsd));
  const hasPrice = madeImages > 0 && made.every(({ costUsd }) => costUsd !== null);
  return {
    name,
    model: outcomes[0]?.model ?? name,
    images: originals.length,
    failed: outcomes.filter(({ status }) => status === 'failed').length,
    predictSeconds: median(saved.map(({ metrics }) => metrics.predict_time)),
    totalSeconds: median(saved.map(({ metrics }) => metrics.total_time)),
    ownWallSeconds: median(made.map(({ metrics }) => metrics.own_wall_time)),
    unmeasured: made.filter(({ metrics }) => typeof metrics.predict_time !== 'number').length,
    costUsd: microUsd / 1_000_000,
    estimatedUsd: sum(outcomes.map(({ estimatedUsd = 0 }) => estimatedUsd)) / 1_000_000,
    usdPerImage: hasPrice ? Math.round(microUsd / madeImages) / 1_000_000 : null,
    image: originals[0]?.path ?? null,
  };
}

function originalsOf({ files }: Outcome): readonly OutcomeFile[] {
  return files.filter(({ role }) => role === 'original');
}

/** Adds amounts, in millionths of a US dollar. */
function sum(amountsUsd: readonly (number | null)[]): number {
  return amountsUsd.reduce<number>((total, usd) => total + toMicroUsd(usd ?? 0), 0);
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
