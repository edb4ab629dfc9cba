/** Periods of time that follow each other. Moments are ms since 1970. */
interface Periods {
  /** Begins a period at a moment that may be past; the one before it has ended. */
  begin(atMs: number): void;
  /** Notes that something shows now that the current period lasts. */
  confirm(): void;
  /** Ends the current period now. */
  end(): void;
  /** Returns the time that all of them have taken since a moment, in ms. */
  sumMs(sinceMs: number): number;
  /**
   * Returns true if one of them covers some time between two moments, and was confirmed for
   * `leastMs` or more.
   */
  overlap(fromMs: number, toMs: number, leastMs: number): boolean;
}

interface Period {
  readonly fromMs: number;
  confirmedMs: number;
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
      periods.push({ fromMs, confirmedMs: now(), toMs: null });
      if (periods.length > REMEMBERED) periods.shift();
    },
    confirm() {
      const last = periods.at(-1);
      if (last?.toMs === null) last.confirmedMs = now();
    },
    end,
    sumMs: (sinceMs) =>
      periods.reduce(
        (sum, { fromMs, toMs }) => sum + Math.max(0, (toMs ?? now()) - Math.max(fromMs, sinceMs)),
        0,
      ),
    overlap: (fromMs, toMs, leastMs) =>
      periods.some((one) => {
        const isBetween = one.fromMs <= toMs && (one.toMs ?? now()) >= fromMs;
        return isBetween && one.confirmedMs - one.fromMs >= leastMs;
      }),
  };
}
