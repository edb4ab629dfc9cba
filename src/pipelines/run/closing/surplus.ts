import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  ignoreElements,
  last,
  map,
  mergeMap,
  type Observable,
  of,
  takeWhile,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { hasEnded } from '../../../base/service.ts';
import { formatUsd, toMicroUsd } from '../../../base/text.ts';
import { addUsd } from '../../../events/totals.ts';
import type { Surplus } from '../../../sinks/report/money.ts';
import type { Prediction } from '../../../types.ts';
import { overrideAnswers } from '../runConfig.ts';
import type { OpenRun } from '../settings.ts';
import type { EarlierRuns } from './earlierAttempts.ts';
import type { RunEnd } from './results.ts';

/**
 * Adds to the end of a run the predictions of its list that belong to no job, those that earlier
 * runs have counted included, their cost, and a warning about the new ones. One that does not end
 * in time is left to the next run, because its cost is not known.
 */
export function addSurplus(
  end: RunEnd,
  earlier: EarlierRuns,
  run: Pick<OpenRun, 'config' | 'provider' | 'surplus'>,
): Observable<RunEnd> {
  const { config, surplus } = run;
  const known = new Set(earlier.surplus.predictionIds);
  return atTheirEnd(
    surplus.result().filter(({ id }) => !known.has(id)),
    run,
  ).pipe(
    map((predictions) => {
      const ended = predictions.filter(hasEnded);
      const found = surplusOf(ended, config);
      if (found.count > 0) config.emit?.({ type: 'warning', message: surplusText(found) });
      const totals = { ...end.totals, costUsd: addUsd(end.totals.costUsd, found.costUsd) };
      const sum = { ...earlier, surplus: plus(earlier.surplus, found) };
      const looked = { ...end, totals };
      return ended.length < predictions.length ? leaveLook(looked, sum) : withSurplus(looked, sum);
    }),
  );
}

/** Predictions that are asked for by their id at most, and at the same time. */
export const MOST_HIDDEN = 100;
const HIDDEN_AT_A_TIME = 8;

/** Shows the counter of surplus predictions those whose input the list leaves out. */
export function seeHidden(
  ids: readonly string[],
  { provider, surplus }: Pick<OpenRun, 'provider' | 'surplus'>,
): Observable<never> {
  return from(ids).pipe(
    mergeMap((id) => provider.getPrediction(id).pipe(catchError(() => EMPTY)), HIDDEN_AT_A_TIME),
    tap(surplus.see),
    ignoreElements(),
  );
}

/**
 * Ends a run that did not look, with the surplus that earlier runs have counted: the next one
 * looks.
 */
export function leaveLook(end: RunEnd, earlier: EarlierRuns): RunEnd {
  return { ...withSurplus(end, earlier), unlookedSinceMs: earlier.unlookedSinceMs ?? end.startedAtMs };
}

/** Adds the surplus that earlier runs have counted to the end of a run. */
export function withSurplus(end: RunEnd, { surplus }: Pick<EarlierRuns, 'surplus'>): RunEnd {
  return surplus.count === 0 ? end : { ...end, surplus };
}

/** Pauses before a prediction that still runs is asked for again. */
const PAUSES_MS = [1_000, 3_000, 10_000];
/** Predictions that are asked for at the same time. */
const AT_A_TIME = 16;

/** Asks for the predictions that still ran when the list was read: their cost is not known yet. */
function atTheirEnd(
  predictions: readonly Prediction[],
  { provider, config }: Pick<OpenRun, 'config' | 'provider'>,
): Observable<readonly Prediction[]> {
  const { scheduler = monotonicScheduler } = config;
  const again = ({ id }: Prediction, pauseMs: number) =>
    timer(pauseMs, scheduler).pipe(
      concatMap(() => provider.getPrediction(id)),
      catchError(() => EMPTY),
    );
  return from(predictions).pipe(
    mergeMap(
      (prediction) =>
        concat(of(prediction), ...PAUSES_MS.map((pauseMs) => again(prediction, pauseMs))).pipe(
          takeWhile((state) => !hasEnded(state), true),
          last(),
        ),
      AT_A_TIME,
    ),
    toArray(),
  );
}

function surplusOf(predictions: readonly Prediction[], { provider, answers }: OpenRun['config']): Surplus {
  const { costOf } = overrideAnswers(provider.answers, answers);
  const microUsd = predictions.reduce((sum, prediction) => sum + (costOf(prediction) ?? 0), 0);
  const predictionIds = predictions.map(({ id }) => id);
  return { count: predictions.length, costUsd: microUsd / 1_000_000, predictionIds };
}

function plus(one: Surplus, other: Surplus): Surplus {
  return {
    count: one.count + other.count,
    costUsd: addUsd(one.costUsd, other.costUsd),
    predictionIds: [...one.predictionIds, ...other.predictionIds],
  };
}

function surplusText({ count, costUsd }: Surplus): string {
  const cost = costUsd === 0 ? '' : ` (${formatUsd(toMicroUsd(costUsd))})`;
  return count === 1
    ? `1 prediction equals a request of this folder but belongs to no job: it was made twice, for a job that is no longer in the input, or by another run with the same prompts${cost}. report.json has its id.`
    : `${count} predictions equal requests of this folder but belong to no job: they were made twice, for jobs that are no longer in the input, or by another run with the same prompts${cost}. report.json has their ids.`;
}
