import { isDeepStrictEqual } from 'node:util';
import {
  concat,
  concatMap,
  defaultIfEmpty,
  defer,
  EMPTY,
  expand,
  filter,
  identity,
  type MonoTypeOperatorFunction,
  map,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  take,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { ProviderError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { Prediction, PredictionPage, PredictionRequest } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';

export interface AdoptPredictionConfig {
  /** Time just before the create request was sent, by the local clock, ms since 1970. */
  sinceMs: number;
  /** Ids that other jobs have claimed; the adopted one is added. */
  claims: ClaimedIds;
  /**
   * Pauses before each look at the list, in ms. If the last look finds nothing, the prediction was
   * never made. Default [0, 2000, 4000].
   */
  looksMs?: readonly number[];
  /** Clock of the pauses. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The service's clock is known to whole seconds only. */
const CLOCK_MARGIN_MS = 2_000;

/**
 * Finds the prediction of a create request whose response was lost. Searches the list of
 * predictions since the attempt for one with the same model, version and input that no other job
 * has; claims and emits it, or emits null if there is none. Long data in the request may be cut to
 * its hash, as `truncateDataUrls` does.
 *
 *     first look finds it               (p|)
 *     only the second look finds it     2s (p|)
 *     none of the three finds it        6s (0|)      0 = null
 *
 * Jobs with identical requests are interchangeable: all that matters is that there are as many
 * predictions as jobs. The oldest unclaimed match is taken, because a newer one may be the only
 * match for another job that began later. Failed list requests are repeated with a growing wait;
 * the last failure is emitted as the error. A list of which a part cannot be read proves nothing:
 * emits an error, not null.
 */
export function adoptPrediction(
  provider: Provider,
  request: PredictionRequest,
  config: AdoptPredictionConfig,
): Observable<Prediction | null> {
  const { sinceMs, claims, looksMs = [0, 2_000, 4_000], scheduler = monotonicScheduler } = config;
  const isMatch = matchOf(request);
  const patiently = <T>() => retryBackoff<T>({ ...retryPolicies.adopt, scheduler });
  // A list that leaves inputs out says too little: possible matches are requested by their id.
  const withInput = (listed: Prediction): Observable<Prediction> => {
    const { id, input, model, dataRemoved } = listed;
    const isEnough = input !== null || dataRemoved || model !== request.model || claims.has(id);
    return isEnough ? of(listed) : provider.getPrediction(id).pipe(patiently());
  };
  let isComplete = true;
  const look = listedPredictions(provider, {
    createdAfterMs: sinceMs - CLOCK_MARGIN_MS,
    patiently: patiently(),
  }).pipe(
    tap((page) => {
      isComplete = page.isComplete ?? true;
    }),
    mergeMap(({ predictions }) => predictions),
    concatMap((prediction) => withInput(prediction)),
    filter(isMatch),
    toArray(),
    // Claimed at once, when all pages are read: meanwhile another job may have claimed one of them.
    map((newestFirst) => newestFirst.findLast(({ id }) => claims.take(id))),
    filter((prediction) => prediction !== undefined),
  );
  return concat(...looksMs.map((pauseMs) => timer(pauseMs, scheduler).pipe(mergeMap(() => look)))).pipe(
    take(1),
    defaultIfEmpty(null),
    tap((found) => {
      if (found === null && !isComplete) throw incompleteList();
    }),
  );
}

function incompleteList(): ProviderError {
  return new ProviderError('ERR_UNREADABLE_ANSWER', 'A part of the list of predictions cannot be read', {
    recoverable: true,
    tookEffect: 'unknown',
    suggestion: 'Run the same command again.',
  });
}

function matchOf({ model, version, input: given }: PredictionRequest): (prediction: Prediction) => boolean {
  const input = truncateDataUrls(given);
  return (prediction) =>
    prediction.model === model &&
    mayBeOf(version, prediction) &&
    isDeepStrictEqual(truncateDataUrls(prediction.input), input);
}

/**
 * Returns true if a prediction may have the wanted version: the service hides those of official
 * models, even if one was named.
 */
function mayBeOf(wanted: string | null, { version }: Prediction): boolean {
  return wanted === null || version === wanted || !/^[0-9a-f]{64}$/.test(version ?? '');
}

/** The prediction ids that jobs of a run have claimed. */
export interface ClaimedIds {
  /** Claims the id for the caller; returns false if another job has it already. */
  take(id: string): boolean;
  has(id: string): boolean;
}

/**
 * Creates the record of claims that keeps two jobs from counting the same prediction as theirs.
 * Create one for all jobs of a run.
 *
 * `known` are the ids that earlier runs in the same folder recorded.
 */
export function createClaimedIds(known: Iterable<string> = []): ClaimedIds {
  const taken = new Set(known);
  return {
    take(id) {
      if (taken.has(id)) return false;
      taken.add(id);
      return true;
    },
    has: (id) => taken.has(id),
  };
}

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
    return leadsOn ? page : { ...page, next: null, isComplete: false };
  };
}
