import { defer, EMPTY, expand, identity, type MonoTypeOperatorFunction, map, type Observable } from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { PredictionPage } from '../../types.ts';

interface ListedPredictionsConfig {
  /** By the local clock, ms since 1970. */
  createdAfterMs: number;
  /** Pages to read, at most. Default: all. */
  pages?: number;
  /**
   * Called before each further page, once the pages before it have been emitted; true ends the
   * list. Default: never true.
   */
  isEnough?: () => boolean;
  /** Wraps the request for each page: in a retry, for example. Default: none. */
  patiently?: MonoTypeOperatorFunction<PredictionPage>;
}

/** Predictions on a page of the service's list. */
export const PAGE_SIZE = 100;
/** Predictions of an hour at any pace that we know of; a list with more pages has no end. */
const MOST_PAGES = 1_000;
/** Empty pages in a row before the list has none other. */
const MOST_EMPTY = 3;

/**
 * Reads the service's list of predictions since a moment, newest first, page by page as long as
 * more are wanted. Reads each page once: ends with an incomplete page if `next` leads in a circle,
 * to a page that was read or has no other predictions than those before it, or to no end.
 */
export function listedPredictions(
  provider: Provider,
  config: ListedPredictionsConfig,
): Observable<PredictionPage> {
  const { createdAfterMs, pages = Number.POSITIVE_INFINITY } = config;
  const { isEnough = () => false, patiently = identity } = config;
  return defer(() => {
    let read = 0;
    const checked = createLoopCheck();
    const pageAt = (next?: string) =>
      provider
        .listPredictions({ createdAfterMs, ...(next === undefined ? {} : { next }) })
        .pipe(patiently, map(checked));
    return pageAt().pipe(
      expand(({ next }) => {
        read += 1;
        return next === null || read >= pages || isEnough() ? EMPTY : pageAt(next);
      }),
    );
  });
}

/** Creates a function that takes `next` off a page that leads in a circle, or to no end. */
function createLoopCheck(): (page: PredictionPage) => PredictionPage {
  const read = new Set<string>();
  const ids = new Set<string>();
  let empty = 0;
  return (page) => {
    const { predictions, next, unreadable = 0 } = page;
    const known = ids.size;
    for (const { id } of predictions) ids.add(id);
    if (next === null) return page;
    const isEmpty = predictions.length + unreadable === 0;
    empty = isEmpty ? empty + 1 : 0;
    const isNew = ids.size > known || unreadable > 0 || (isEmpty && empty < MOST_EMPTY);
    const leadsOn = isNew && !read.has(next) && read.size < MOST_PAGES;
    read.add(next);
    return leadsOn ? page : { ...page, next: null, isComplete: false, leadsNowhere: true };
  };
}
