/** Periods of time that follow each other. Moments are ms since 1970. */
interface Periods {
  /** Begins a period at a moment that may be past; the one before it has ended. */
  begin(atMs: number): void;
  /** Ends the current period now. */
  end(): void;
  /** Returns the time since the current one began, in ms; 0 if there is none. */
  currentMs(): number;
  /** Returns the time that all of them have taken since a moment, in ms. */
  sumMs(sinceMs: number): number;
  /** Returns true if one of them, of this length at least, covers some time between two moments. */
  overlap(fromMs: number, toMs: number, leastMs: number): boolean;
}

interface Period {
  readonly fromMs: number;
  /** Null: it lasts. */
  toMs: number | null;
}

/** Periods that are remembered: the latest. */
const REMEMBERED = 100;

/** Creates a record of periods, by the clock `now`. */
export function createPeriods(now: () => number): Periods {
  const periods: Period[] = [];
  const end = (): void => {
    const last = periods.at(-1);
    if (last !== undefined) last.toMs ??= now();
  };
  return {
    begin(fromMs) {
      end();
      periods.push({ fromMs, toMs: null });
      if (periods.length > REMEMBERED) periods.shift();
    },
    end,
    currentMs() {
      const last = periods.at(-1);
      return last === undefined || last.toMs !== null ? 0 : now() - last.fromMs;
    },
    sumMs: (sinceMs) =>
      periods.reduce(
        (sum, { fromMs, toMs }) => sum + Math.max(0, (toMs ?? now()) - Math.max(fromMs, sinceMs)),
        0,
      ),
    overlap: (fromMs, toMs, leastMs) =>
      periods.some((one) => {
        const endMs = one.toMs ?? now();
        return one.fromMs <= toMs && endMs >= fromMs && endMs - one.fromMs >= leastMs;
      }),
  };
}
