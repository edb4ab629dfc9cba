interface PaceLearnerConfig {
  /** The pace at the start, and the fastest one at all. */
  fastestPerMinute: number;
}

/** Learns from accepted and refused create requests how many a minute the service allows. */
export interface PaceLearner {
  readonly perMinute: number;
  /** Reports that a create request is sent. */
  sent(nowMs: number): SentCreate;
  /** Reports that, according to the service, so many tokens of its bucket come in this time. */
  reported(filling: { readonly tokens: number; readonly inMs: number }): void;
  /**
   * Reports an accepted create request that, for all that is known, the service would have taken
   * sooner.
   */
  accepted(create: SentCreate): void;
  /** Reports a refused create request; none is sent for `closedMs`. */
  refused(create: SentCreate, closedMs: number): void;
  /**
   * Returns true if a create request was sent at the present pace; responses to others are
   * outdated.
   */
  isPresent(create: SentCreate): boolean;
}

interface SentCreate {
  readonly atMs: number;
  readonly stretch: Stretch;
  /** Create requests of its stretch that were sent before it. */
  readonly before: number;
}

/** Create requests sent at one pace, from one refusal to the next. */
interface Stretch {
  sent: number;
  refused: number;
  firstAtMs: number;
  lastAtMs: number;
  /** Time before its start in which none was sent. */
  readonly closedMs: number;
}

/** Replicate's limit for an account with little credit; no service we know of allows less. */
const SLOWEST_PER_MINUTE = 6;
/**
 * Largest cut by one refusal, which may be due to create requests that caught up with each other on
 * the way.
 */
const DEEPEST_CUT = 0.85;
/** Smallest cut by one refusal, as the service did refuse. */
const SMALLEST_CUT = 0.95;
/** Waits are named in whole seconds, rounded up. */
const ROUNDING_MS = 500;
/**
 * Accepted create requests before a faster pace is tried; doubled each time that led to about the
 * same limit. With a service that saves no tokens up, each refusal costs its whole wait: a faster
 * pace is tried later.
 */
const SAVING_HOLD = 10;
const WASTING_HOLD = 40;
const LONGEST_HOLD = 80;
const SAME_LIMIT = 1.2;
/**
 * Growth with each accepted create request after that: bold from a guess, careful from a
 * measurement.
 */
const BOLD_GROWTH = 1.05;
const CAREFUL_GROWTH = 1.01;

/**
 * Creates a learner that starts at the fastest pace. A guess comes from the service's report on its
 * bucket, or else from the wait that the first refusal names. Each further refusal gives a
 * measurement, from the requests accepted since the one before. That pace is held for a while, then
 * grows until the next refusal, or back to the fastest.
 */
export function createPaceLearner({ fastestPerMinute }: PaceLearnerConfig): PaceLearner {
  const slowestPerMinute = Math.min(SLOWEST_PER_MINUTE, fastestPerMinute);
  let perMinute = fastestPerMinute;
  /** The pace after the last refusal, from which it has grown since. */
  let learntPerMinute = fastestPerMinute;
  let stretch = newStretch(0);
  const firstStretch = stretch;
  let refusals = 0;
  let reportedTokens = 0;
  let acceptedSince = 0;
  let timesAtLimit = 0;

  const setPace = (pace: number) => {
    perMinute = Math.min(fastestPerMinute, Math.max(slowestPerMinute, pace));
    acceptedSince = 0;
  };
  const begin = (closedMs: number) => {
    stretch = newStretch(closedMs);
  };
  /**
   * Returns true if the service took more at the very start than its pace allows for: it had saved
   * tokens up.
   */
  const savesUp = () => {
    const { sent, refused, firstAtMs, lastAtMs } = firstStretch;
    return sent - refused >= 2 + ((lastAtMs - firstAtMs) / 60_000) * perMinute;
  };
  const hold = () => Math.min(LONGEST_HOLD, (savesUp() ? SAVING_HOLD : WASTING_HOLD) * 2 ** timesAtLimit);
  const guess = (closedMs: number) => {
    const tokenMs = Math.max(closedMs / 2, closedMs - ROUNDING_MS);
    setPace(Math.min(perMinute / 2, 60_000 / tokenMs));
  };
  const measured = ({ before, atMs, stretch: { firstAtMs, closedMs } }: SentCreate) => {
    const openMs = atMs - firstAtMs;
    const wholeMs = openMs + closedMs;
    if (savesUp()) return (before / Math.max(1, wholeMs)) * 60_000;
    // The last pace was too fast, and the one before it was not.
    if (acceptedSince > hold()) return Math.sqrt(learntPerMinute * perMinute);
    // Tokens that came in while nothing was sent are lost, but for one: the truth is between
    // counting that time and not.
    return (before / Math.max(1, Math.sqrt(openMs * wholeMs))) * 60_000;
  };
  const measure = (create: SentCreate) => {
    const wanted = measured(create);
    timesAtLimit = perMinute < learntPerMinute * SAME_LIMIT ? timesAtLimit + 1 : 0;
    setPace(Math.min(perMinute * SMALLEST_CUT, Math.max(perMinute * DEEPEST_CUT, wanted)));
  };

  return {
    get perMinute() {
      return perMinute;
    },
    sent(atMs) {
      if (stretch.sent === 0) stretch.firstAtMs = atMs;
      stretch.lastAtMs = atMs;
      stretch.sent += 1;
      return { atMs, stretch, before: stretch.sent - 1 };
    },
    reported({ tokens, inMs }) {
      // A refusal is worth more than a report; and the more tokens a report covers, the less the
      // rounding matters.
      if (refusals > 0 || tokens <= reportedTokens) return;
      reportedTokens = tokens;
      setPace((Math.max(1, tokens - 0.5) / (inMs - ROUNDING_MS)) * 60_000);
      begin(0);
    },
    accepted(create) {
      if (create.stretch !== stretch) return;
      acceptedSince += 1;
      if (acceptedSince <= hold()) return;
      const growth = refusals < 2 ? BOLD_GROWTH : CAREFUL_GROWTH;
      perMinute = Math.min(fastestPerMinute, perMinute * growth);
    },
    refused(create, closedMs) {
      create.stretch.refused += 1;
      if (create.stretch !== stretch) return;
      refusals += 1;
      if (refusals === 1 && reportedTokens === 0) guess(closedMs);
      else measure(create);
      learntPerMinute = perMinute;
      begin(closedMs);
    },
    isPresent: (create) => create.stretch === stretch,
  };
}

function newStretch(closedMs: number): Stretch {
  return { sent: 0, refused: 0, firstAtMs: 0, lastAtMs: 0, closedMs };
}
