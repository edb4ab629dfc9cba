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
 * Creates `listPredictions`, which reads the list page by page. The first call of a process does
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
      return firstPage(call, asked).pipe(
        concatMap((page) => {
          const intended = clock.toService(createdAfterMs);
          const wasTooLate = asked.getTime() - intended.getTime() > CLOCK_TOLERANCE_MS;
          return wasTooLate ? firstPage(call, intended) : of(page);
        }),
      );
    });
  };
}

function firstPage(call: Caller, createdAfter: Date): Observable<PredictionPage> {
  // The client's own method takes no query.
  const params = { created_after: createdAfter.toISOString() };
  return call({
    send: async (client, signal) =>
      (await client.request('/predictions', { method: 'GET', params, signal })).json(),
    read: parsePage,
  });
}

function nextPage(call: Caller, next: string, baseUrl: string): Observable<PredictionPage> {
  return call({
    send: async (client, signal) =>
      (await client.request(pageUrl(next, baseUrl), { method: 'GET', signal })).json(),
    read: parsePage,
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
      return new Date((isInFuture ? nowMs - HOUR_MS : localMs) + (creations.bounds?.leastMs ?? aheadMs));
    },
  };
}

/**
 * Returns the URL of the next page as the service names it. If that has another origin, as behind a
 * proxy, returns its query at the base URL, because the token is for that origin only. Throws if
 * `next` is no URL.
 */
function pageUrl(next: string, baseUrl: string): URL {
  const url = new URL(next, baseUrl);
  if (url.origin === new URL(baseUrl).origin) return url;
  return new URL(`${baseUrl.replace(/\/$/, '')}/predictions${url.search}`);
}

const pageBody = z.looseObject({ results: z.array(z.unknown()), next: z.string().nullish() });

/** Reads a page of the list of predictions. Throws a `ZodError` if it is none. */
function parsePage(body: unknown): PredictionPage {
  const { results, next } = pageBody.parse(body);
  return { predictions: results.map((result) => parsePrediction(result)), next: next ?? null };
}
