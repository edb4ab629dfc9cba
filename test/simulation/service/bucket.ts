import type { Chance } from '../world/chance.ts';
import type { Timeline } from '../world/timeline.ts';
import type { WorldConfig } from '../world/worldConfig.ts';

/** A response of the service. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** True time at which it is sent. Default: at once. */
  readonly atMs?: number;
  /** The body as it is at that time. Default: `body`. */
  readonly late?: () => unknown;
}

/** The bucket of create requests that the service takes. */
export interface Bucket {
  /** Takes a request; returns the refusal if it is one too many, else null. */
  refusal(): Answer | null;
  /** Returns the headers that name the room that is left, if this service has them. */
  limits(): Record<string, string>;
}

export function createBucket(
  { servicePerMinute, namesLimits }: Pick<WorldConfig, 'servicePerMinute' | 'namesLimits'>,
  chance: Chance,
  timeline: Timeline,
): Bucket {
  const capacity = Math.max(1, Math.ceil(servicePerMinute / 20));
  let tokens = capacity;
  let filledMs = 0;
  return {
    refusal: () => {
      if (servicePerMinute === 0) return null;
      tokens = Math.min(capacity, tokens + ((timeline.nowMs - filledMs) * servicePerMinute) / 60_000);
      filledMs = timeline.nowMs;
      if (tokens >= 1) {
        tokens -= 1;
        return null;
      }
      const waitS = Math.ceil(((1 - tokens) * 60) / servicePerMinute);
      const way = chance.whole('throttle.way', 0, 2);
      const detail = `Request was throttled. Your rate limit resets in ~${waitS}s.`;
      return {
        status: 429,
        body: { title: 'Too many requests', detail, ...(way === 1 ? { retry_after: waitS } : {}) },
        headers: way === 2 ? { 'retry-after': String(waitS) } : {},
      };
    },
    limits: () => {
      if (servicePerMinute === 0 || !namesLimits) return {};
      const fullS = Math.ceil(((capacity - tokens) * 60) / servicePerMinute);
      return { 'ratelimit-remaining': String(Math.floor(tokens)), 'ratelimit-reset': String(fullS) };
    },
  };
}
