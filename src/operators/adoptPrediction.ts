import { isDeepStrictEqual } from 'node:util';
import {
  asyncScheduler,
  concat,
  defaultIfEmpty,
  filter,
  map,
  mergeMap,
  type Observable,
  type SchedulerLike,
  take,
  timer,
  toArray,
} from 'rxjs';
import type { Provider } from '../ports.ts';
import type { Prediction, PredictionRequest } from '../types.ts';
import type { Claims } from './createClaims.ts';
import { listedPredictions } from './listedPredictions.ts';
import { retryBackoff } from './retryBackoff.ts';

export interface AdoptPredictionConfig {
  /** When the create was about to be sent, ms since 1970 by the local clock. */
  sinceMs: number;
  /** Ids that other jobs have; the adopted one is added. */
  claims: Claims;
  /** Pauses before each look at the list, in ms; nothing found in the last one means: never made. Default [0, 2000, 4000]. */
  looksMs?: readonly number[];
  /** Clock of the pauses. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** The service's clock is known to whole seconds only. */
const CLOCK_MARGIN_MS = 2_000;

/**
 * Finds out what became of a create whose answer was lost. Looks through the list of predictions since the attempt for
 * one with the same model, version and input that no other job has, claims and emits it; emits null where there is none.
 *
 *     first look finds it               (p|)
 *     only the second look finds it     2s (p|)
 *     none of the three finds it        6s (0|)      0 = null
 *
 * Jobs with equal requests are interchangeable: what counts is that there are as many predictions as jobs. The oldest
 * unclaimed match is taken, since a newer one may be the only one that another job, which began later, can have. Failing
 * list calls are repeated with a growing wait; the last failure is emitted as the error.
 */
export function adoptPrediction(
  provider: Provider,
  request: PredictionRequest,
  config: AdoptPredictionConfig,
): Observable<Prediction | null> {
  const { sinceMs, claims, looksMs = [0, 2_000, 4_000], scheduler = asyncScheduler } = config;
  const look = listedPredictions(provider, {
    createdAfterMs: sinceMs - CLOCK_MARGIN_MS,
    patiently: retryBackoff({ retries: 12, shouldRetry: isRecoverable, scheduler }),
  }).pipe(
    mergeMap(({ predictions }) => predictions),
    filter((prediction) => isAnswerTo(request, prediction)),
    toArray(),
    // Claimed at once, when all pages are read: meanwhile another job may have taken one of them.
    map((newestFirst) => newestFirst.findLast(({ id }) => claims.take(id))),
    filter((prediction) => prediction !== undefined),
  );
  return concat(...looksMs.map((pauseMs) => timer(pauseMs, scheduler).pipe(mergeMap(() => look)))).pipe(
    take(1),
    defaultIfEmpty(null),
  );
}

function isAnswerTo(request: PredictionRequest, prediction: Prediction): boolean {
  const sameModel = prediction.model === request.model;
  return (
    sameModel && mayBeOf(request.version, prediction) && isDeepStrictEqual(prediction.input, request.input)
  );
}

/** The service hides the versions of official models, also where one was asked for. */
function mayBeOf(wanted: string | null, { version }: Prediction): boolean {
  return wanted === null || version === wanted || !/^[0-9a-f]{64}$/.test(version ?? '');
}

function isRecoverable(error: unknown): boolean {
  return error instanceof Error && 'recoverable' in error && error.recoverable === true;
}
