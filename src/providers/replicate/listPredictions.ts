import { concatMap, defer, type Observable, of } from 'rxjs';
import { z } from 'zod';
import { createClockOffset } from '../../base/clockOffset.ts';
import type { Provider } from '../../ports.ts';
import type { Prediction, PredictionPage } from '../../types.ts';
import { parsePrediction } from '../wire/prediction.ts';
import type { Caller } from './caller.ts';

interface PredictionListConfig {
  clock: ServiceClock;
  baseUrl: string;
}

/** Tolerated difference of the clocks: the service gives its time in whole seconds. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Creates `listPredictions`, which reads the list page by page, and each item by itself: those that
 * are no predictions are left out and counted. The first call of a process does
 * not know yet how wrong the local clock is. If its response shows that it asked from too late a
 * time, it asks once more, because a prediction that is missing from the list would be paid again.
 */
export function createPredictionList(
  call: Caller,
  { clock, baseUrl }: PredictionListConfig,
): Provider['listPredictions'] {
  return ({ createdAfterMs, next }) => {
    if (next !== undefined) return nextPage(call, next, baseUrl);
    return defer(() => {
      const asked = clock.toService(createdAfterMs);
      return firstPage(call, asked, baseUrl).pipe(
        concatMap((page) => {
          const intended = clock.toService(createdAfterMs);
          const wasTooLate = asked.getTime() - intended.getTime() > CLOCK_TOLERANCE_MS;
          return wasTooLate ? firstPage(call, intended, baseUrl) : of(page);
        }),
      );
    });
  };
}

function firstPage(call: Caller, createdAfter: Date, baseUrl: string): Observable<PredictionPage> {
  // The client's own method takes no query.
  const params = { created_after: createdAfter.toISOString() };
  return call({
    send: async (client, signal) =>
      (await client.request('/predictions', { method: 'GET', params, signal })).json(),
    read: (body) => parsePage(body, baseUrl),
  });
}

function nextPage(call: Caller, next: string, baseUrl: string): Observable<PredictionPage> {
  const url = pageUrl(next, baseUrl);
  if (url === null) return of({ predictions: [], next: null, ...nowhere });
  return call({
    send: async (client, signal) => (await client.request(url, { method: 'GET', signal })).json(),
    read: (body) => parsePage(body, baseUrl),
  });
}

/** Translates times of the local clock, which may be wrong, into those of the service. */
interface ServiceClock {
  /** Reads the service's time from the headers of a response. */
  learn(headers: Headers): void;
  /**
   * Learns from a prediction that was created between two local times. From then on headers do not
   * count: another machine may write them than the one whose clock the list goes by.
   */
  learnCreation(prediction: Pick<Prediction, 'createdAt'>, fromMs: number, toMs: number): void;
  /**
   * Translates a local time. One in the future was noted before the clock was set back: it counts
   * as an hour ago.
   */
  toService(localMs: number): Date;
}

/** Predictions older than this are never listed: the service deletes their inputs. */
const HOUR_MS = 3_600_000;
const TOLERANCE_MS = 2_000;

const DAY_MS = 86_400_000;

/**
 * Returns how far to shift a time if the `Date` of headers is the only evidence. A gateway may have
 * written it, so one that is ahead by less than a day does not make a list begin later: an earlier
 * one has more pages, but misses no prediction.
 */
function earlierOf(aheadMs: number): number {
  return aheadMs > 0 ? Math.max(0, aheadMs - DAY_MS) : aheadMs;
}

/** Creates a clock that agrees with the local one until a response has given the service's time. */
export function createServiceClock(now: () => number): ServiceClock {
  let aheadMs = 0;
  const creations = createClockOffset();
  return {
    learn(headers) {
      const serviceMs = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(serviceMs)) aheadMs = serviceMs - now();
    },
    learnCreation({ createdAt }, fromMs, toMs) {
      creations.learn(createdAt, fromMs, toMs);
    },
    toService(localMs) {
      const nowMs = now();
      const isInFuture = localMs > nowMs + TOLERANCE_MS;
      return new Date(
        (isInFuture ? nowMs - HOUR_MS : localMs) + (creations.bounds?.leastMs ?? earlierOf(aheadMs)),
      );
    },
  };
}

/**
 * Returns the URL of the next page as the service names it. If that has another origin, as behind a
 * proxy, returns its query at the base URL, because the token is for that origin only. Returns null
 * if `next` is no address of the web.
 */
function pageUrl(next: string, baseUrl: string): URL | null {
  const list = `${baseUrl.replace(/\/$/, '')}/predictions`;
  const url = URL.parse(next, list);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  if (url.origin !== new URL(list).origin) return new URL(list + url.search);
  return new URL(url.pathname + url.search, url.origin);
}

const pageBody = z.looseObject({ results: z.array(z.unknown()), next: z.unknown().optional() });

/** Reads a page of the list of predictions. Throws a `ZodError` if it is none. */
function parsePage(body: unknown, baseUrl: string): PredictionPage {
  const { results, next } = pageBody.parse(body);
  const predictions = results.map(parseItem).filter((prediction) => prediction !== null);
  const unreadable = results.length - predictions.length;
  const page = { predictions, next: null, ...(unreadable > 0 ? { unreadable, isComplete: false } : {}) };
  if (next === null || next === undefined) return page;
  return typeof next === 'string' && pageUrl(next, baseUrl) !== null
    ? { ...page, next }
    : { ...page, ...nowhere };
}

/** The end of a list whose next page cannot be read. */
const nowhere = { isComplete: false, leadsNowhere: true } as const;

/** Returns null for an item that is no prediction: the others on its page may be paid. */
function parseItem(item: unknown): Prediction | null {
  try {
    return parsePrediction(item);
  } catch {
    return null;
  }
}
