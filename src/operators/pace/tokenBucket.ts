import { expectOption } from '../../base/options.ts';

export interface TokenBucketConfig {
  /** Tokens given out in any window, at most: a finite number above 0. */
  limit: number;
  /** Length of a window: a finite number above 0. */
  windowMs: number;
  /** Tokens that may be taken at once after a pause. Default: `limit / 60`, rounded up. */
  burst?: number;
  /** The current time in ms, of a clock that never jumps. */
  now: () => number;
}

export interface TokenBucket {
  /** Tokens that come back in a minute. */
  readonly refillPerMinute: number;
  /** Time in ms until a token can be taken; 0 if one can be taken now. */
  waitMs(): number;
  /** Takes a token; check `waitMs` first. */
  take(): void;
  /** Puts back a token that bought nothing. */
  giveBack(): void;
}

/**
 * Creates a token bucket that keeps its promise in every window: with a burst of b it refills at
 * `limit - (b - 1)` a window, so even a burst followed by a full window of refills stays at or
 * below `limit`.
 */
export function createTokenBucket(config: TokenBucketConfig): TokenBucket {
  const { limit, windowMs, now } = config;
  const { burst = Math.max(1, Math.ceil(limit / 60)) } = config;
  expectRate(limit, 'limit');
  expectRate(windowMs, 'windowMs');
  expectOption(burst >= 1 && (burst === 1 || burst <= limit), 'burst', 'from 1 to the limit', burst);
  const perMs = (limit - (burst - 1)) / windowMs;
  let tokens = burst;
  let countedAtMs = now();

  const refill = () => {
    const nowMs = now();
    // Setting the clock back takes no tokens away.
    tokens = Math.min(burst, tokens + Math.max(0, nowMs - countedAtMs) * perMs);
    countedAtMs = nowMs;
  };
  return {
    get refillPerMinute() {
      return perMs * 60_000;
    },
    waitMs() {
      refill();
      // Rounding loses fractions of a token: without the margin a timer may fire and still find
      // 0.999 of one.
      return tokens >= 1 - 1e-9 ? 0 : Math.ceil((1 - tokens) / perMs);
    },
    take() {
      refill();
      tokens -= 1;
    },
    giveBack() {
      refill();
      tokens = Math.min(burst, tokens + 1);
    },
  };
}

/** Throws unless the option is a finite number above 0. */
export function expectRate(rate: number, name: string): void {
  expectOption(rate > 0 && Number.isFinite(rate), name, 'a finite number above 0', rate);
}
