import { concatMap, defer, type Observable, of } from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { PredictionPage } from '../../types.ts';
import type { Caller } from './caller.ts';
import { parsePage } from './parse.ts';

interface PredictionListConfig {
  clock: ServiceClock;
  baseUrl: string;
}

/** The service tells its time in whole seconds; callers allow for that much. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * The list of predictions, page by page. The first call of a process does not know yet how wrong the local clock is: where
 * its answer shows that it asked from too late a moment, it asks once more, because a prediction that is missing from
 * the list would be paid again.
 */
export function createPredictionList(
  call: Caller,
  { clock, baseUrl }: PredictionListConfig,
): Provider['listPredictions'] {
  return ({ createdAfterMs, next }) => {
    if (next !== undefined) return nextPage(call, next, baseUrl);
    return defer(() => {
      const asked = clock.toService(createdAfterMs);
      return firstPage(call, asked).pipe(
        concatMap((page) => {
          const meant = clock.toService(createdAfterMs);
          const wasTooLate = asked.getTime() - meant.getTime() > CLOCK_TOLERANCE_MS;
          return wasTooLate ? firstPage(call, meant) : of(page);
        }),
      );
    });
  };
}

function firstPage(call: Caller, createdAfter: Date): Observable<PredictionPage> {
  // The client's own method takes no query.
  const params = { created_after: createdAfter.toISOString() };
  return call({
    ask: async (client, signal) =>
      (await client.request('/predictions', { method: 'GET', params, signal })).json(),
    read: parsePage,
  });
}

function nextPage(call: Caller, next: string, baseUrl: string): Observable<PredictionPage> {
  return call({
    ask: async (client, signal) =>
      (await client.request(pageUrl(next, baseUrl), { method: 'GET', signal })).json(),
    read: parsePage,
  });
}

/** Translates moments of the local clock, which may be wrong, into those of the service. */
interface ServiceClock {
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

/**
 * Where the next page of a list is: as the service names it, unless that leads to another origin, as it does behind a
 * proxy. Then its query at our own, because the token is for that one only. Throws where `next` is no URL.
 */
function pageUrl(next: string, baseUrl: string): URL {
  const url = new URL(next, baseUrl);
  if (url.origin === new URL(baseUrl).origin) return url;
  return new URL(`${baseUrl.replace(/\/$/, '')}/predictions${url.search}`);
}
