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
export interface Distribution {
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
