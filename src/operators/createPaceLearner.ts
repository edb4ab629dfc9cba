export interface PaceLearnerConfig {
  /** Where it starts, and the fastest it ever gets. */
  fastestPerMinute: number;
}

/** Learns from accepted and refused creates how many a minute the service allows. */
export interface PaceLearner {
  readonly perMinute: number;
  /** A create was let through. */
  admitted(): void;
  /** A create was accepted. */
  accepted(): void;
  /**
   * A create was refused, and nothing is let through for `closedMs`. Only for the first refusal of a closure: the
   * others were sent before it and tell nothing new.
   */
  refused(nowMs: number, closedMs: number): void;
}

/** What Replicate allows an account with little credit; no service we know of allows less. */
const SLOWEST_PER_MINUTE = 6;
/** One refusal takes away this much at most: its answer may be late and speak of an older, faster pace. */
const DEEPEST_CUT = 0.7;
/** Less than before at any rate, as the service did refuse. */
const SMALLEST_CUT = 0.95;
/** A service with a burst of 1 wastes the time it is left alone, others save it up: count a part of it. */
const CLOSED_TIME_SHARE = 0.2;
/** Accepted creates before a pace is made faster; doubled each time that led to about the same limit. */
const FIRST_HOLD = 10;
const LONGEST_HOLD = 80;
const SAME_LIMIT = 1.2;
/** Growth with each accepted create after that: boldly from a guess, carefully from a measurement. */
const BOLD_GROWTH = 1.05;
const CAREFUL_GROWTH = 1.02;

/**
 * Starts at the fastest pace. The first refusal gives a guess, from the wait it named. Each further one gives a
 * measurement: the service's bucket was empty at both, so what it gave out between them is its own refill rate. That
 * pace is held for a while, then grows until the next refusal, or back to the fastest.
 */
export function createPaceLearner(config: PaceLearnerConfig): PaceLearner {
  const { fastestPerMinute } = config;
  const slowestPerMinute = Math.min(SLOWEST_PER_MINUTE, fastestPerMinute);
  let perMinute = fastestPerMinute;
  /** The pace after the last refusal; from here it grew. */
  let learntPerMinute = fastestPerMinute;
  let hold = FIRST_HOLD;
  let refusals = 0;
  let refusedAtMs = 0;
  let closedForMs = 0;
  let admittedSince = 0;
  let acceptedSince = 0;

  const setPace = (pace: number) => {
    perMinute = Math.min(fastestPerMinute, Math.max(slowestPerMinute, pace));
  };
  // With an empty bucket the wait is the time for one more, in whole seconds: up to twice as fast is worth a try.
  const guess = (closedMs: number) => setPace(Math.min(perMinute / 2, 120_000 / closedMs));
  const measure = (nowMs: number) => {
    const givenOut = admittedSince - 1; // The last one was refused.
    const tookMs = nowMs - refusedAtMs - (1 - CLOSED_TIME_SHARE) * closedForMs;
    const measured = (givenOut / Math.max(1, tookMs)) * 60_000;
    hold = perMinute < learntPerMinute * SAME_LIMIT ? Math.min(LONGEST_HOLD, hold * 2) : FIRST_HOLD;
    setPace(Math.min(perMinute * SMALLEST_CUT, Math.max(perMinute * DEEPEST_CUT, measured)));
  };

  return {
    get perMinute() {
      return perMinute;
    },
    admitted() {
      admittedSince += 1;
    },
    accepted() {
      acceptedSince += 1;
      if (acceptedSince > hold) setPace(perMinute * (refusals < 2 ? BOLD_GROWTH : CAREFUL_GROWTH));
    },
    refused(nowMs, closedMs) {
      if (admittedSince === 0) {
        closedForMs += closedMs;
        return; // A late answer: nothing was sent at the present pace yet.
      }
      refusals += 1;
      if (refusals === 1) guess(closedMs);
      else measure(nowMs);
      learntPerMinute = perMinute;
      refusedAtMs = nowMs;
      closedForMs = closedMs;
      admittedSince = 0;
      acceptedSince = 0;
    },
  };
}
