import type { Outcome } from '../../types.ts';

export interface SlowImage {
  readonly index: number;
  readonly predictionId: string | null;
  readonly model: string;
  /** Cut after 200 characters. */
  readonly prompt: string;
  readonly predictSeconds: number;
}

/** Sums up the times of predictions; results of identical requests have none of their own. */
export function createTimes() {
  const predictTime = createDistribution();
  const ownWallTime = createDistribution();
  const slowest = createSlowest();
  return {
    add(outcome: Outcome): void {
      const { predict_time, own_wall_time } = outcome.cached ? {} : outcome.metrics;
      if (typeof own_wall_time === 'number') ownWallTime.add(own_wall_time);
      if (typeof predict_time !== 'number') return;
      predictTime.add(predict_time);
      slowest.add(outcome, predict_time);
    },
    summary: () => ({
      predictTime: predictTime.summary(),
      ownWallTime: ownWallTime.summary(),
      slowest: slowest.list(),
    }),
  };
}

const KEPT = 10;
const MAX_PROMPT_CHARS = 200;

/** The images with the longest `predict_time`. */
interface Slowest {
  add(outcome: Outcome, predictSeconds: number): void;
  /** Returns at most ten, longest first. */
  list(): readonly SlowImage[];
}

/** Remembers the ten slowest of any number of images. */
function createSlowest(): Slowest {
  let kept: readonly SlowImage[] = [];
  return {
    add(outcome, predictSeconds) {
      if (kept.length === KEPT && predictSeconds <= (kept.at(-1)?.predictSeconds ?? 0)) return;
      const { index, predictionId, model, prompt } = outcome;
      const image = { index, predictionId, model, prompt: prompt.slice(0, MAX_PROMPT_CHARS), predictSeconds };
      kept = [...kept, image].sort((a, b) => b.predictSeconds - a.predictSeconds).slice(0, KEPT);
    },
    list: () => kept,
  };
}

/** Ratio of neighbouring bucket widths, so that quantiles are within 1 %. */
const GROWTH = 1.01;
const SMALLEST_SECONDS = 0.001;
/** Number of buckets: they cover 1 ms to about 3 days. */
const BUCKETS = 2_000;

/** The distribution of durations, in seconds. */
export interface DurationSummary {
  readonly count: number;
  readonly totalSeconds: number;
  readonly averageSeconds: number;
  readonly minSeconds: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  readonly maxSeconds: number;
}

/** Any number of durations, in the memory of one histogram. */
interface Distribution {
  add(seconds: number): void;
  /**
   * Returns the summary; null if no duration was added. Median and p95 are within 1 %, the rest is
   * exact.
   */
  summary(): DurationSummary | null;
}

/** Creates a histogram with logarithmic buckets. Memory: 8 kB. */
function createDistribution(): Distribution {
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

/** Rounds to milliseconds. */
function toMillis(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
