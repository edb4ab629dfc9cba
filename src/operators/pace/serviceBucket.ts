import type { CreateLimits } from '../../types.ts';

interface ServiceBucketConfig {
  /** The pace at which the bucket is believed to fill now. */
  pace: { readonly perMinute: number };
  /** The current time in ms. */
  now: () => number;
}

/** Models the token bucket with which the service limits create requests, by its own reports. */
interface ServiceBucket {
  /** The most tokens seen in it since the last refusal, at least 1. */
  readonly capacity: number;
  /** The pace of its filling by its own report; null if that is incomplete. */
  readonly filling: Filling | null;
  /** Time in ms until it will have a token; 0 as long as nothing is known of it. */
  waitMs(): number;
  /** Reports that a create request is sent. */
  take(): Volley;
  /** Reports that a create request of this volley was accepted, with these limits. */
  reported(volley: Volley, limits: CreateLimits): void;
  /**
   * Reports a refusal of a create request that was believed to be due: the bucket is empty, and has
   * a token again in `closedMs`.
   */
  emptied(closedMs: number): void;
  /** Reports that a create request took no token, as it was refused. */
  giveBack(): void;
}

/** Tokens that come in during a time. */
interface Filling {
  readonly tokens: number;
  readonly inMs: number;
}

/** Create requests sent so close to each other that they may arrive in any order. */
interface Volley {
  readonly sentAtMs: number;
  readonly size: number;
  /** Create requests sent until the volley was complete. */
  readonly sent: number;
  /** Tokens that were believed to be left then, and all corrections made until then. */
  readonly left: number;
  readonly corrected: number;
}

const VOLLEY_MS = 50;
/**
 * A part of the bucket, one token at most, stays in it: create requests do not arrive as evenly as
 * they are sent.
 */
const MARGIN = 0.08;
/** Trust, in tokens, that each response restores after a refusal. */
const TRUST_PER_ANSWER = 0.1;
/** Shorter times are reported too roughly, in whole seconds. */
const SHORTEST_FILLING_MS = 2_000;

/**
 * Keeps a copy of the service's bucket from the limits that its responses name. A response may be
 * held back for a minute and describes the moment in which its create request arrived, so requests
 * sent and tokens added since then are counted on top of it.
 *
 * Other processes of the account draw from the same bucket. They show in the next responses, which
 * correct the copy. If a create request is refused although there should have been room, the copy
 * assumes less room until responses have proved it right.
 */
export function createServiceBucket({ pace, now }: ServiceBucketConfig): ServiceBucket {
  let isKnown = false;
  let capacity = 1;
  let tokens = 0;
  let countedAtMs = now();
  let sent = 0;
  let corrected = 0;
  let emptiest: CreateLimits | null = null;
  /** The most tokens to count on. */
  let trusted = Number.POSITIVE_INFINITY;
  let sentSinceEmptied = 0;
  let volley = newVolley(Number.NEGATIVE_INFINITY);
  /** Responses to create requests from before this moment are outdated. */
  let reportedAtMs = Number.NEGATIVE_INFINITY;

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
      // A half-full bucket does not show how large it is: the missing tokens may never have been in
      // it.
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
    reported(of, limits) {
      const { remaining, fullInMs } = limits;
      if (of.sentAtMs < reportedAtMs) return;
      reportedAtMs = of.sentAtMs;
      capacity = Math.max(capacity, remaining + 1);
      if ((fullInMs ?? 0) >= Math.max(SHORTEST_FILLING_MS, emptiest?.fullInMs ?? 0)) emptiest = limits;
      trusted += TRUST_PER_ANSWER;
      fill();
      const { size, sent: sentUntil, left, corrected: correctedUntil } = of;
      const atMost = remaining + (now() - of.sentAtMs) * perMs() - Math.max(0, sent - sentUntil);
      // The response may be to the first of its volley to arrive: then the others took their tokens
      // after it.
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
      reportedAtMs = now();
    },
    giveBack() {
      sent -= 1;
    },
  };
}

function newVolley(sentAtMs: number): { -readonly [Key in keyof Volley]: Volley[Key] } {
  return { sentAtMs, size: 0, sent: 0, left: 0, corrected: 0 };
}
