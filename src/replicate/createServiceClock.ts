/** Translates moments of the local clock, which may be wrong, into those of the service. */
export interface ServiceClock {
  /** Takes the service's time from an answer. */
  learn(headers: Headers): void;
  /** A moment that is still to come was noted by a clock that has been put back since: an hour ago is taken for it. */
  toService(localMs: number): Date;
}

/** Nothing is asked of the service from before: it forgets inputs after that time. */
const HOUR_MS = 3_600_000;
const TOLERANCE_MS = 2_000;

/** A clock that goes like the local one until an answer has told the service's time. */
export function createServiceClock(now: () => number): ServiceClock {
  let aheadMs = 0;
  return {
    learn(headers) {
      const serviceMs = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(serviceMs)) aheadMs = serviceMs - now();
    },
    toService(localMs) {
      const nowMs = now();
      const isToCome = localMs > nowMs + TOLERANCE_MS;
      return new Date((isToCome ? nowMs - HOUR_MS : localMs) + aheadMs);
    },
  };
}
