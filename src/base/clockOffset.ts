/** The known difference between the local clock and another one. */
export interface ClockOffset {
  /**
   * Learns from a time stamp (ISO 8601) that the other clock made at some moment between two local
   * ones. Ignores null, and texts that are no time.
   */
  learn(stamp: string | null, fromMs: number, toMs: number): void;
  /** Bounds of the time to add to a local time; null until a stamp was learned. */
  readonly bounds: OffsetBounds | null;
  /** Stamps since the last contradiction, that one included. */
  readonly agreeing: number;
  /**
   * True if stamps some seconds apart agree: no single stamp is believed, and no clock that stands
   * still.
   */
  readonly isCertain: boolean;
}

export interface OffsetBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Largest contradiction of two stamps that is put down to inexact clocks. */
const INEXACT_MS = 1_000;
/** Stamps of a clock that stands still contradict one another after this time at the latest. */
const APART_MS = 2_500;

/**
 * Creates the difference between the local clock and the one that a service stamps its records
 * with. Each stamp bounds it from both sides, so a few of them suffice. If a stamp contradicts the
 * earlier ones, a clock was set: then only the new one counts.
 *
 *     learn(12:00:10, from 12:00:01, to 12:00:03)   bounds 7 s … 9 s
 *     learn(12:00:18, from 12:00:10, to 12:00:11)   bounds 7 s … 8 s
 */
export function createClockOffset(): ClockOffset {
  let bounds: OffsetBounds | null = null;
  let agreeing = 0;
  let first: (OffsetBounds & { readonly toMs: number }) | null = null;
  let isCertain = false;
  return {
    learn(stamp, fromMs, toMs) {
      const stampMs = Date.parse(stamp ?? '');
      if (Number.isNaN(stampMs)) return;
      // The service drops decimals that are zero, so a time in whole seconds may be cut.
      const cutMs = stampMs % 1_000 === 0 ? 1_000 : 0;
      const next = { leastMs: stampMs - toMs, mostMs: stampMs + cutMs - fromMs };
      if (first === null || contradict(first, next)) {
        first = { ...next, toMs };
        isCertain = false;
      } else if (fromMs >= first.toMs + APART_MS) isCertain = true;
      if (bounds === null || contradict(bounds, next)) {
        bounds = next;
        agreeing = 1;
        return;
      }
      agreeing += 1;
      const leastMs = Math.max(bounds.leastMs, next.leastMs);
      const mostMs = Math.min(bounds.mostMs, next.mostMs);
      bounds = { leastMs: Math.min(leastMs, mostMs), mostMs: Math.max(leastMs, mostMs) };
    },
    get bounds() {
      return bounds;
    },
    get agreeing() {
      return agreeing;
    },
    get isCertain() {
      return isCertain;
    },
  };
}

function contradict(one: OffsetBounds, other: OffsetBounds): boolean {
  return other.leastMs > one.mostMs + INEXACT_MS || other.mostMs < one.leastMs - INEXACT_MS;
}
