interface PaceLearnerConfig {
  /** Where it starts, and the fastest it ever gets. */
  fastestPerMinute: number;
}

/** Learns from accepted and refused creates how many a minute the service allows. */
export interface PaceLearner {
  readonly perMinute: number;
  /** A create is sent. */
  sent(nowMs: number): SentCreate;
  /** The service says that so many tokens of its bucket come in this time. */
  told(filling: { readonly tokens: number; readonly inMs: number }): void;
  /** A create was accepted by a service that could have had it sooner, for all that is known. */
  accepted(create: SentCreate): void;
  /** A create was refused, and nothing is sent for `closedMs`. */
  refused(create: SentCreate, closedMs: number): void;
  /** Whether a create was sent at the present pace; what becomes of others is old news. */
  isPresent(create: SentCreate): boolean;
}

interface SentCreate {
  readonly atMs: number;
  readonly stretch: Stretch;
  /** How many of its stretch were sent before it. */
  readonly before: number;
}

/** Creates sent at one pace, from one refusal to the next. */
interface Stretch {
  sent: number;
  refused: number;
  firstAtMs: number;
  lastAtMs: number;
  /** For how long nothing was sent before it. */
  readonly closedMs: number;
}

/** What Replicate allows an account with little credit; no service we know of allows less. */
const SLOWEST_PER_MINUTE = 6;
/** One refusal takes away this much at most: it may be due to creates that caught up with each other on the way. */
const DEEPEST_CUT = 0.85;
/** Less than before at any rate, as the service did refuse. */
const SMALLEST_CUT = 0.95;
/** Waits are told in whole seconds, rounded up. */
const ROUNDING_MS = 500;
/**
 * Accepted creates before a faster pace is tried; doubled each time that led to about the same limit. A service that saves
 * nothing up loses the whole wait of each refusal: it is left alone for longer.
 */
const SAVING_HOLD = 10;
const WASTING_HOLD = 40;
const LONGEST_HOLD = 80;
const SAME_LIMIT = 1.2;
/** Growth with each accepted create after that: boldly from a guess, carefully from a measurement. */
const BOLD_GROWTH = 1.05;
const CAREFUL_GROWTH = 1.01;

/**
 * Starts at the fastest pace. What the service tells of its bucket gives a guess, or else the wait that the first refusal
 * names. Each further refusal gives a measurement, from what was accepted since the one before. That pace is held for a
 * while, then grows until the next refusal, or back to the fastest.
 */
export function createPaceLearner({ fastestPerMinute }: PaceLearnerConfig): PaceLearner {
  const slowestPerMinute = Math.min(SLOWEST_PER_MINUTE, fastestPerMinute);
  let perMinute = fastestPerMinute;
  /** The pace after the last refusal; from here it grew. */
  let learntPerMinute = fastestPerMinute;
  let stretch = newStretch(0);
  const firstStretch = stretch;
  let refusals = 0;
  let toldTokens = 0;
  let acceptedSince = 0;
  let timesAtLimit = 0;

  const setPace = (pace: number) => {
    perMinute = Math.min(fastestPerMinute, Math.max(slowestPerMinute, pace));
    acceptedSince = 0;
  };
  const begin = (closedMs: number) => {
    stretch = newStretch(closedMs);
  };
  /** Whether the service took more at the very start than its pace allows for: it had saved them up. */
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
    // What came in while nothing was sent is lost, but for one: the truth is between counting that time and not.
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
    told({ tokens, inMs }) {
      // A refusal is worth more than a word; and the more tokens are told of, the less the rounding matters.
      if (refusals > 0 || tokens <= toldTokens) return;
      toldTokens = tokens;
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
      if (refusals === 1 && toldTokens === 0) guess(closedMs);
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
