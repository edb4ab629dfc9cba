import type { CreateLimits } from '../../ports.ts';

interface ServiceBucketConfig {
  /** How fast it is believed to fill, as of now. */
  pace: { readonly perMinute: number };
  /** The current time in ms. */
  now: () => number;
}

/** What is believed of the token bucket by which the service limits creates. */
interface ServiceBucket {
  /** The most it was seen to hold since the last refusal, at least 1. */
  readonly capacity: number;
  /** What it said of its own filling up, as far as that says anything; else null. */
  readonly filling: Filling | null;
  /** Time in ms until it will have a token; 0 as long as nothing is known of it. */
  waitMs(): number;
  /** A create is sent. */
  take(): Volley;
  /** A create of this volley was accepted, with these limits. */
  told(volley: Volley, limits: CreateLimits): void;
  /** A create was refused that was believed to be due: the bucket is empty, and has a token again in `closedMs`. */
  emptied(closedMs: number): void;
  /** A create took nothing, as it was refused. */
  giveBack(): void;
}

/** So many tokens come in this time. */
interface Filling {
  readonly tokens: number;
  readonly inMs: number;
}

/** Creates that are sent so close to each other that they may arrive in any order. */
interface Volley {
  readonly sentAtMs: number;
  readonly size: number;
  /** Creates sent until it was complete. */
  readonly sent: number;
  /** Tokens that were believed to be left then, and all corrections made until then. */
  readonly left: number;
  readonly corrected: number;
}

const VOLLEY_MS = 50;
/** A part of the bucket, one token at most, stays in it: creates do not arrive as evenly as they are sent. */
const MARGIN = 0.08;
/** Each answer makes up for so much of the trust that a refusal has cost. */
const TRUST_PER_ANSWER = 0.1;
/** Shorter times are told too roughly, in whole seconds. */
const SHORTEST_FILLING_MS = 2_000;

/**
 * Keeps a copy of the service's bucket from what its answers tell. An answer may be held back for a minute and speaks of
 * the moment in which its create arrived, so what was sent and what came in since then is added to it.
 *
 * Other processes of the account draw from the same bucket. They show in the next answers, which correct the copy. Where a
 * create is refused although there should have been room, less room is believed in until answers have proved right.
 */
export function createServiceBucket({ pace, now }: ServiceBucketConfig): ServiceBucket {
  let isKnown = false;
  let capacity = 1;
  let tokens = 0;
  let countedAtMs = now();
  let sent = 0;
  let corrected = 0;
  let emptiest: CreateLimits | null = null;
  /** No more tokens than this are believed in. */
  let trusted = Number.POSITIVE_INFINITY;
  let sentSinceEmptied = 0;
  let volley = newVolley(Number.NEGATIVE_INFINITY);
  /** Answers to creates from before then are old news. */
  let heardOfMs = Number.NEGATIVE_INFINITY;

  const perMs = () => pace.perMinute / 60_000;
  const fill = () => {
    tokens += Math.max(0, now() - countedAtMs) * perMs();
    countedAtMs = now();
  };
  const correct = (level: number) => {
    corrected += level - tokens;
    tokens = level;
    isKnown = true;
  };
  const enough = () => 1 + Math.min(1, capacity * MARGIN);

  return {
    get capacity() {
      return capacity;
    },
    get filling() {
      // Of a bucket that is half full nobody knows how large it is: all that is missing may never have been in it.
      if (emptiest?.fullInMs == null || emptiest.remaining > capacity / 2) return null;
      return { tokens: capacity - emptiest.remaining, inMs: emptiest.fullInMs };
    },
    waitMs() {
      fill();
      const missing = enough() - tokens;
      return isKnown && missing > 1e-9 ? Math.ceil(missing / perMs()) : 0;
    },
    take() {
      fill();
      tokens = (isKnown ? Math.min(capacity, tokens) : tokens) - 1;
      sent += 1;
      sentSinceEmptied += 1;
      if (now() - volley.sentAtMs > VOLLEY_MS) volley = newVolley(now());
      Object.assign(volley, { size: volley.size + 1, sent, left: tokens, corrected });
      return volley;
    },
    told(of, limits) {
      const { remaining, fullInMs } = limits;
      if (of.sentAtMs < heardOfMs) return;
      heardOfMs = of.sentAtMs;
      capacity = Math.max(capacity, remaining + 1);
      if ((fullInMs ?? 0) >= Math.max(SHORTEST_FILLING_MS, emptiest?.fullInMs ?? 0)) emptiest = limits;
      trusted += TRUST_PER_ANSWER;
      fill();
      const { size, sent: sentUntil, left, corrected: correctedUntil } = of;
      const atMost = remaining + (now() - of.sentAtMs) * perMs() - Math.max(0, sent - sentUntil);
      // The answer may be to the first of its volley to arrive: then the others took theirs after it.
      const atLeast = remaining - (size - 1);
      const believed = left + corrected - correctedUntil;
      if (!isKnown || tokens > atMost) correct(Math.min(trusted, atMost));
      else if (believed < atLeast) correct(Math.min(Math.max(trusted, tokens), tokens + atLeast - believed));
    },
    emptied(closedMs) {
      fill();
      if (isKnown && tokens >= 1) trusted = Math.max(1, sentSinceEmptied / 2);
      sentSinceEmptied = 0;
      capacity = 1;
      correct(enough() - closedMs * perMs());
      heardOfMs = now();
    },
    giveBack() {
      sent -= 1;
    },
  };
}

function newVolley(sentAtMs: number): { -readonly [Key in keyof Volley]: Volley[Key] } {
  return { sentAtMs, size: 0, sent: 0, left: 0, corrected: 0 };
}
