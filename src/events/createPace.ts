/** Says how fast something happens lately. */
export interface Pace {
  /** It happened once more. */
  count(): void;
  /** Times a minute, over the last minute; null in the first second. */
  perMinute(): number | null;
}

const WINDOW_MS = 60_000;
const STEP_MS = 1_000;

/** A pace by the clock `now`. It keeps about one sample a second of the last minute, however often it counts. */
export function createPace(now: () => number): Pace {
  const samples = [{ atMs: now(), counted: 0 }];
  let counted = 0;
  const forgetOld = (): void => {
    const oldestMs = now() - WINDOW_MS;
    while ((samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= oldestMs) samples.shift();
  };
  return {
    count() {
      counted += 1;
      const newest = samples.at(-1);
      if (newest === undefined || now() - newest.atMs >= STEP_MS) samples.push({ atMs: now(), counted });
      forgetOld();
    },
    perMinute() {
      forgetOld();
      const [base] = samples;
      if (base === undefined) return null;
      const elapsedMs = now() - base.atMs;
      if (elapsedMs < STEP_MS) return null;
      // What was counted since the only sample, and an age ago, came within its second.
      if (samples.length === 1 && elapsedMs > WINDOW_MS) return 0;
      return ((counted - base.counted) / Math.min(elapsedMs, WINDOW_MS)) * 60_000;
    },
  };
}
