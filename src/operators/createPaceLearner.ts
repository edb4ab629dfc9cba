export interface PaceLearnerConfig {
  /** Where it starts, and the fastest it ever gets. */
  fastestPerMinute: number;
}

/** Creates sent at one pace, from one closure to the next. */
export interface Stretch {
  readonly openedAtMs: number;
  readonly lastAtMs: number;
  /** For how long the service had refused everything before it. */
  readonly closedBeforeMs: number;
  readonly sent: number;
  readonly refused: number;
}

/** Learns from accepted and refused creates how many a minute the service allows. */
export interface PaceLearner {
  readonly perMinute: number;
  /** A create is sent. */
  sent(nowMs: number): Attempt;
  /** The service's bucket will have filled up by so many tokens in this time, it says. */
  told(tokens: number, inMs: number): void;
  /** A create was accepted that a faster pace would have sent sooner. */
  accepted(attempt: Attempt): void;
  /** A create was refused. Gives whether that is news: those sent before the last closure tell nothing new. */
  refused(attempt: Attempt, closedMs: number): boolean;
  isPresent(attempt: Attempt): boolean;
}

export interface Attempt {
  readonly stretch: Stretch;
  /** Creates of the stretch before it. */
  readonly before: number;
  readonly atMs: number;
}

const SLOWEST_PER_MINUTE = 6;
const DEEPEST_CUT = Number(process.env.DC ?? 0.7);
const SMALLEST_CUT = 0.95;
const FIRST_HOLD = 10;
const LONG_HOLD = Number(process.env.LH ?? 40);
const LONGEST_HOLD = 80;
const SAME_LIMIT = 1.2;
const BOLD_GROWTH = 1.05;
const CAREFUL_GROWTH = 1.02;

type OpenStretch = { -readonly [K in keyof Stretch]: Stretch[K] };

export function createPaceLearner(config: PaceLearnerConfig): PaceLearner {
  const { fastestPerMinute } = config;
  const slowestPerMinute = Math.min(SLOWEST_PER_MINUTE, fastestPerMinute);
  let perMinute = fastestPerMinute;
  let learntPerMinute = fastestPerMinute;
  let doublings = 0;
  let refusals = 0;
  let acceptedSince = 0;
  let toldTokens = 0;
  const open = (closedBeforeMs: number): OpenStretch => ({ openedAtMs: 0, lastAtMs: 0, closedBeforeMs, sent: 0, refused: 0 });
  let stretch = open(0);
  let first: OpenStretch = stretch;

  const setPace = (pace: number) => {
    perMinute = Math.min(fastestPerMinute, Math.max(slowestPerMinute, pace));
  };
  const savesUp = () =>
    first.sent - first.refused >= 2 + ((first.lastAtMs - first.openedAtMs) * perMinute) / 60_000;
  const hold = () => Math.min(LONGEST_HOLD, (savesUp() ? FIRST_HOLD : LONG_HOLD) * 2 ** doublings);
  const guess = (closedMs: number) =>
    setPace(Math.min(perMinute / 2, 60_000 / Math.max(closedMs / 2, closedMs - 500)));
  const measure = ({ before, stretch: { openedAtMs, closedBeforeMs }, atMs }: Attempt) => {
    const openMs = atMs - openedAtMs;
    const allMs = openMs + closedBeforeMs;
    const measured = (before / Math.max(1, savesUp() ? allMs : Math.sqrt(openMs * allMs))) * 60_000;
    doublings = perMinute < learntPerMinute * SAME_LIMIT ? doublings + 1 : 0;
    setPace(Math.min(perMinute * SMALLEST_CUT, Math.max(perMinute * DEEPEST_CUT, measured)));
  };

  return {
    get perMinute() {
      return perMinute;
    },
    sent(nowMs) {
      if (stretch.sent === 0) stretch.openedAtMs = nowMs;
      stretch.sent += 1;
      stretch.lastAtMs = nowMs;
      return { stretch, before: stretch.sent - 1, atMs: nowMs };
    },
    isPresent: (attempt) => attempt.stretch === stretch,
    told(tokens, inMs) {
      if (refusals > 0 || inMs < 2_000 || tokens <= toldTokens) return;
      toldTokens = tokens;
      setPace((Math.max(1, tokens - 0.5) / (inMs - 500)) * 60_000);
      acceptedSince = 0;
      stretch = open(0);
    },
    accepted(attempt) {
      if (attempt.stretch !== stretch) return;
      acceptedSince += 1;
      if (acceptedSince > hold()) setPace(perMinute * (refusals < 2 ? BOLD_GROWTH : CAREFUL_GROWTH));
    },
    refused(attempt, closedMs) {
      (attempt.stretch as OpenStretch).refused += 1;
      if (attempt.stretch !== stretch) return false;
      refusals += 1;
      if (refusals === 1 && toldTokens === 0) guess(closedMs);
      else measure(attempt);
      learntPerMinute = perMinute;
      acceptedSince = 0;
      stretch = open(closedMs);
      return true;
    },
  };
}
