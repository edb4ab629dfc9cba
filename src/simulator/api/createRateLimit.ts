/** What a bucket says about itself in every answer, and whether the call was let through. */
export interface RateLimitState {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Whole seconds until the bucket is full again. */
  readonly resetS: number;
  /** Whole seconds until there is room for one more, 1 or more. */
  readonly retryAfterS: number;
}

/** A token bucket: so many calls at once, refilled at a rate. Takes a token if there is one. `now` is in ms. */
export function createRateLimit(
  perMinute: number,
  burst: number,
  now: () => number = () => performance.now(),
): () => RateLimitState {
  const perMs = perMinute / 60_000;
  let tokens = burst;
  let countedAtMs = now();
  return () => {
    const nowMs = now();
    tokens = Math.min(burst, tokens + (nowMs - countedAtMs) * perMs);
    countedAtMs = nowMs;
    const isAllowed = tokens >= 1;
    if (isAllowed) tokens -= 1;
    const secondsUntil = (wanted: number) => Math.ceil((wanted - tokens) / perMs / 1_000);
    return {
      isAllowed,
      remaining: Math.floor(tokens),
      resetS: secondsUntil(burst),
      retryAfterS: Math.max(1, secondsUntil(1)),
    };
  };
}
