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
  timer,
  toArray,
} from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
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
 * the last failure is emitted as the error.
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
  const look = listedPredictions(provider, {
    createdAfterMs: sinceMs - CLOCK_MARGIN_MS,
    patiently: patiently(),
  }).pipe(
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
  );
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

/**
 * Reads the service's list of predictions since a moment, newest first, page by page as long as
 * more are wanted.
 */
export function listedPredictions(
  provider: Provider,
  config: ListedPredictionsConfig,
): Observable<PredictionPage> {
  const { createdAfterMs, pages = Number.POSITIVE_INFINITY } = config;
  const { isEnough = () => false, patiently = identity } = config;
  return defer(() => {
    let read = 0;
    return provider.listPredictions({ createdAfterMs }).pipe(
      patiently,
      expand(({ next }) => {
        read += 1;
        if (next === null || read >= pages || isEnough()) return EMPTY;
        return provider.listPredictions({ createdAfterMs, next }).pipe(patiently);
      }),
    );
  });
}
