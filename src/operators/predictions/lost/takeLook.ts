import {
  catchError,
  concatMap,
  defer,
  from,
  last,
  map,
  type Observable,
  of,
  type SchedulerLike,
  scan,
  toArray,
} from 'rxjs';
import type { OffsetBounds } from '../../../base/clockOffset.ts';
import { wallNow } from '../../../base/monotonicScheduler.ts';
import type { Provider } from '../../../ports.ts';
import type { ModelInput, Prediction, PredictionPage } from '../../../types.ts';
import { retryPolicies } from '../../internal/retryPolicies.ts';
import { retryBackoff } from '../../retryBackoff.ts';
import { listedPredictions } from '../listedPredictions.ts';
import { matchModel } from '../matching/matchRequest.ts';
import { type Attempt, fitsInTime } from './attempt.ts';
import type { Look } from './look.ts';

interface TakeLookConfig {
  /** The service's clock, compared with the local one; null: nothing is known. */
  offset: OffsetBounds | null;
  /** Returns true if a prediction belongs to a job already. */
  isClaimed: (id: string) => boolean;
  /** Inputs that the list left out and that were asked for, by id; those of this look are added. */
  inputs: Map<string, ModelInput>;
  /** True if failed requests are repeated for minutes, because no look follows. */
  isPatient: boolean;
  /** 0…1, for the jitter of retries. */
  random: () => number;
  /** Clock of the waits. */
  scheduler: SchedulerLike;
}

/** The list is asked for from so long before the oldest request: it costs a page at most. */
const WINDOW_MS = 600_000;
/** The same while the service's clock is not known: its own and the local one may be wrong. */
const UNKNOWN_CLOCK_WINDOW_MS = 1_200_000;
/** If that clock is known, pages older than the oldest request by this much are not read. */
const MARGIN_MS = 90_000;
/** It covers this much time before the oldest request, too. */
const COVERED_MS = 60_000;
/** Far more than a window can have. */
const MOST_PAGES = 200;

/**
 * Reads the list of predictions once, for all lost create requests. Inputs that it leaves out are
 * requested by their id, if the prediction may be that of a lost request.
 */
export function takeLook(
  provider: Provider,
  attempts: readonly Attempt[],
  config: TakeLookConfig,
): Observable<Look> {
  const { offset, isPatient, random, scheduler } = config;
  const policy = isPatient ? retryPolicies.lastLook : retryPolicies.look;
  const oldestMs = Math.min(...attempts.map(({ sentAtMs, notBeforeMs = sentAtMs }) => notBeforeMs));
  const windowMs = offset === null ? UNKNOWN_CLOCK_WINDOW_MS : WINDOW_MS;
  const endMs = offset === null ? null : oldestMs + offset.leastMs - MARGIN_MS;
  return defer(() => {
    const atMs = scheduler.now();
    let isEnough = false;
    return listedPredictions(provider, {
      // The list is asked for by the time of day.
      createdAfterMs: oldestMs - windowMs + (wallNow(scheduler) - atMs),
      pages: MOST_PAGES,
      isEnough: () => isEnough,
      patiently: retryBackoff<PredictionPage>({ ...policy, random, scheduler }),
    }).pipe(
      map((page) => {
        isEnough = endMs !== null && createdMsOf(page.predictions.at(-1)) < endMs;
        const isReadable = page.isComplete !== false;
        return {
          atMs,
          sinceMs: oldestMs - COVERED_MS,
          listed: page.predictions,
          isComplete: isReadable && (page.next === null || isEnough),
          isReadable,
          isCurrent: page.isCurrent === true,
          breaksOff: page.leadsNowhere === true,
          isAbsent: page.isAbsent === true,
        };
      }),
      scan((before, page) => ({
        ...page,
        listed: [...before.listed, ...page.listed],
        isReadable: before.isReadable && page.isReadable,
        isComplete: before.isReadable && page.isComplete,
      })),
      last(),
      map((look) => ({ ...look, readAtMs: scheduler.now(), readWallMs: wallNow(scheduler) })),
      concatMap((look) => withInputs(look, provider, attempts, config)),
    );
  });
}

function createdMsOf(prediction: Prediction | undefined): number {
  const createdMs = Date.parse(prediction?.createdAt ?? '');
  return Number.isNaN(createdMs) ? Number.POSITIVE_INFINITY : createdMs;
}

/** A prediction whose input stays unknown may be that of any request: the look is incomplete. */
function withInputs(
  look: Look,
  provider: Provider,
  attempts: readonly Attempt[],
  config: TakeLookConfig,
): Observable<Look> {
  return from(look.listed).pipe(
    concatMap((prediction) =>
      isWanted(prediction, attempts, config) ? withInput(prediction, provider, config) : of(prediction),
    ),
    toArray(),
    map((all) => {
      const listed = all.filter((one) => one !== null);
      return { ...look, listed, isComplete: look.isComplete && listed.length === all.length };
    }),
  );
}

function isWanted(
  prediction: Prediction,
  attempts: readonly Attempt[],
  { offset, isClaimed }: TakeLookConfig,
): boolean {
  const { id, dataRemoved } = prediction;
  if (hasInput(prediction) || dataRemoved || isClaimed(id)) return false;
  return attempts.some(
    (attempt) =>
      matchModel(attempt.request, prediction) !== 'other' &&
      Object.keys(attempt.request.input).length > 0 &&
      fitsInTime(attempt, prediction, offset),
  );
}

function hasInput({ input }: Prediction): boolean {
  return input !== null && Object.keys(input).length > 0;
}

/** Emits the prediction with its input; null if that cannot be known. */
function withInput(
  prediction: Prediction,
  provider: Provider,
  { inputs, isPatient, random, scheduler }: TakeLookConfig,
): Observable<Prediction | null> {
  const known = inputs.get(prediction.id);
  if (known !== undefined) return of({ ...prediction, input: known });
  const policy = isPatient ? retryPolicies.lastLook : retryPolicies.look;
  return provider.getPrediction(prediction.id).pipe(
    retryBackoff<Prediction>({ ...policy, random, scheduler }),
    map((whole) => {
      if (whole.input === null || !hasInput(whole)) return null;
      inputs.set(whole.id, whole.input);
      return whole;
    }),
    catchError(() => of(null)),
  );
}
