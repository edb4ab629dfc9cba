import { concatMap, defer, type Observable, of } from 'rxjs';
import type { Provider } from '../ports.ts';
import type { PredictionPage } from '../types.ts';
import type { Caller } from './createCaller.ts';
import type { ServiceClock } from './createServiceClock.ts';
import { pageUrl } from './pageUrl.ts';
import { parsePage } from './parsePage.ts';

export interface PredictionListConfig {
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
