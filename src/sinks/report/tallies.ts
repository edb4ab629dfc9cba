import { toMicroUsd } from '../../base/text.ts';
import type { Outcome } from '../../types.ts';

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
    microUsd: sums.microUsd + toMicroUsd(costUsd ?? 0),
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

/** Where everything is counted once there are too many names. */
const REST = '(others)';

/** One running total a name. */
interface TallyByName<T> {
  /** Replaces the name's total by what `change` makes of it. */
  update(name: string, change: (total: T) => T): void;
  entries(): [name: string, total: T][];
}

/** Totals by name, of at most `maxNames` names: what comes under further ones is counted together as `(others)`. */
export function createTallyByName<T>(initial: T, maxNames = 1_000): TallyByName<T> {
  const totals = new Map<string, T>();
  return {
    update(name, change) {
      const entry = totals.has(name) || totals.size < maxNames ? name : REST;
      totals.set(entry, change(totals.get(entry) ?? initial));
    },
    entries: () => [...totals],
  };
}

/** Where on its way a job failed: before the service had its prediction, until that was final, or after it. */
export type FailureStage = 'creation' | 'polling' | 'download';

/** Fetching and making renditions come after the prediction; all other errors of a job that has none came before it. */
export function failureStage({ error, predictionId }: Pick<Outcome, 'error' | 'predictionId'>): FailureStage {
  if (error?.name === 'DownloadError' || error?.name === 'RenderError') return 'download';
  return predictionId === null ? 'creation' : 'polling';
}

/** Widths grow by 1 % from bucket to bucket, so quantiles are within 1 %. */
const GROWTH = 1.01;
const SMALLEST_SECONDS = 0.001;
/** From 1 ms to about 3 days. */
const BUCKETS = 2_000;

/** How some durations, in seconds, are distributed. */
export interface DurationSummary {
  readonly count: number;
  readonly totalSeconds: number;
  readonly averageSeconds: number;
  readonly minSeconds: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  readonly maxSeconds: number;
}

/** Takes any number of durations in the memory of one histogram. */
interface Distribution {
  add(seconds: number): void;
  /** Null where nothing was added. Median and p95 are within 1 %, the rest is exact. */
  summary(): DurationSummary | null;
}

/** A histogram with logarithmic buckets: 8 kB, whatever is added. */
export function createDistribution(): Distribution {
  const buckets = new Uint32Array(BUCKETS);
  let count = 0;
  let totalSeconds = 0;
  let minSeconds = Number.POSITIVE_INFINITY;
  let maxSeconds = 0;

  const quantile = (share: number): number => {
    const rank = Math.max(1, Math.ceil(share * count));
    let seen = 0;
    const bucket = buckets.findIndex((size) => {
      seen += size;
      return seen >= rank;
    });
    return Math.min(maxSeconds, Math.max(minSeconds, middleOf(bucket)));
  };
  return {
    add(seconds) {
      const bucket = bucketOf(seconds);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      count += 1;
      totalSeconds += seconds;
      minSeconds = Math.min(minSeconds, seconds);
      maxSeconds = Math.max(maxSeconds, seconds);
    },
    summary() {
      if (count === 0) return null;
      return {
        count,
        totalSeconds: toMillis(totalSeconds),
        averageSeconds: toMillis(totalSeconds / count),
        minSeconds,
        medianSeconds: toMillis(quantile(0.5)),
        p95Seconds: toMillis(quantile(0.95)),
        maxSeconds,
      };
    },
  };
}

function bucketOf(seconds: number): number {
  const bucket = Math.floor(Math.log(seconds / SMALLEST_SECONDS) / Math.log(GROWTH));
  return Math.min(BUCKETS - 1, Math.max(0, bucket));
}

function middleOf(bucket: number): number {
  return SMALLEST_SECONDS * GROWTH ** (bucket + 0.5);
}

/** Nobody reads more than milliseconds. */
function toMillis(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
