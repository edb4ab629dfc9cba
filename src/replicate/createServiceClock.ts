/** Translates moments of the local clock, which may be wrong, into those of the service. */
export interface ServiceClock {
  /** Takes the service's time from an answer. */
  learn(headers: Headers): void;
  toService(localMs: number): Date;
}

/** A clock that goes like the local one until an answer has told the service's time. */
export function createServiceClock(now: () => number): ServiceClock {
  let aheadMs = 0;
  return {
    learn(headers) {
      const serviceMs = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(serviceMs)) aheadMs = serviceMs - now();
    },
    toService: (localMs) => new Date(localMs + aheadMs),
  };
}
