import {
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  merge,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  tap,
  timer,
} from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import type { Follower, Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { maxTimerMs } from '../internal/options.ts';
import { isRetryableRead, retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { listedPredictions, PAGE_SIZE } from './listedPredictions.ts';
import { createPollSchedule, isFinal, type PollScheduleConfig } from './pollSchedule.ts';

export interface ListPollerConfig extends PollScheduleConfig {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** A prediction with the subscriber that waits for it. */
interface Followed {
  readonly prediction: Prediction;
  /** Time just before its create request was sent, by the local clock: for lists. */
  readonly createdAfterMs: number;
  /** The same moment by the scheduler: for waits. */
  readonly sinceMs: number;
  readonly subscriber: Subscriber<Prediction>;
  /** Lists in a row that did not have it. */
  missed: number;
  /** Requests for it alone in a row that failed. */
  failed: number;
  /** Time before which it is not requested alone, by the scheduler. */
  aloneAtMs: number;
}

function isKnown({ status }: Prediction): boolean {
  return status !== 'unknown';
}

/**
 * Follows all predictions of a run with one request at a time: a page of the list covers a hundred
 * of them. No request is sent before one can be ready, by the run times of its model. Predictions
 * that the list does not have, or has with an unknown status, and the last one, are requested by
 * their id.
 *
 *     follow(a), follow(b), follow(c)   -----------(a|)   -----------(b|)   -----p-----p-----(c|)
 *     lists                             -----l-----l      one request for all
 *     gets                              -----------------g      the last one
 *
 * A failed list request is repeated with a growing wait. If it keeps failing, every subscriber gets
 * the error.
 */
export function createListPoller(provider: Provider, config: ListPollerConfig = {}): Follower {
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  const schedule = createPollSchedule(config);
  const followed = new Map<string, Followed>();
  let turn: Subscription | null = null;
  let turnAtMs = Number.POSITIVE_INFINITY;
  let isAsking = false;

  const emitState = (prediction: Prediction): void => {
    const waiting = followed.get(prediction.id);
    if (waiting === undefined) return;
    waiting.missed = 0;
    waiting.failed = 0;
    const { subscriber } = waiting;
    subscriber.next(prediction);
    if (!isFinal(prediction)) return;
    schedule.learn(prediction);
    followed.delete(prediction.id);
    subscriber.complete();
  };
  const emitError = (error: unknown, ids: Iterable<string>): void => {
    for (const id of ids) {
      const waiting = followed.get(id);
      followed.delete(id);
      waiting?.subscriber.error(error);
    }
  };

  const askAlone = (one: Followed): Observable<never> => {
    const { id } = one.prediction;
    return provider.getPrediction(id).pipe(
      tap(emitState),
      ignoreElements(),
      catchError((error: unknown) => {
        one.failed += 1;
        one.aloneAtMs = schedule.retryAtMs(one.failed, scheduler.now());
        const isHopeless = one.failed > retryPolicies.ask.retries || !isRetryableRead(error, one.failed);
        if (isHopeless) emitError(error, [id]);
        return EMPTY;
      }),
    );
  };
  const askList = (due: readonly Followed[]): Observable<never> => {
    for (const one of due) one.missed += 1;
    return listedPredictions(provider, {
      createdAfterMs: Math.min(...due.map(({ createdAfterMs }) => createdAfterMs)),
      // Enough for all of them if they were alone in the list, and one page for the predictions of
      // others.
      pages: Math.ceil(due.length / PAGE_SIZE) + 1,
      isEnough: () => due.every(({ missed }) => missed === 0),
      patiently: retryBackoff({ ...retryPolicies.ask, random, scheduler }),
    }).pipe(
      // One with an unknown status counts as missing, so that it is requested by its id.
      tap(({ predictions }) => predictions.filter(isKnown).forEach(emitState)),
      ignoreElements(),
    );
  };
  /**
   * Returns the predictions that two lists or more did not have; the longer one is missing, the
   * less often.
   */
  const missing = (due: readonly Followed[]): Followed[] => {
    const nowMs = scheduler.now();
    const wanted = due.filter(
      ({ prediction, missed, aloneAtMs }) => followed.has(prediction.id) && missed > 1 && aloneAtMs <= nowMs,
    );
    for (const one of wanted) one.aloneAtMs = schedule.missingAtMs(one.missed, nowMs);
    return wanted;
  };
  const ask = (): Observable<never> => {
    const nowMs = scheduler.now();
    const due = [...followed.values()].filter((one) => schedule.readyAtMs(one, followed.size) <= nowMs);
    const [first] = due;
    // A timer may fire a moment before its time.
    if (first === undefined) return EMPTY;
    if (due.length === 1) return askAlone(first);
    return concat(
      askList(due),
      defer(() => merge(...missing(due).map(askAlone))),
    );
  };

  const takeTurn = (): void => {
    turn?.unsubscribe();
    turn = null;
    if (followed.size === 0) return;
    turnAtMs = schedule.nextTurnAtMs([...followed.values()], scheduler.now());
    const waitMs = Math.min(maxTimerMs, Math.max(0, turnAtMs - scheduler.now()));
    const asked = defer(() => {
      isAsking = true;
      schedule.noteTurn(scheduler.now());
      return ask();
    });
    turn = concat(timer(waitMs, scheduler), asked).subscribe({
      error: (error: unknown) => {
        isAsking = false;
        turn = null;
        emitError(error, [...followed.keys()]);
      },
      complete: () => {
        isAsking = false;
        takeTurn();
      },
    });
  };

  return {
    follow: (prediction, createdAfterMs) =>
      new Observable((subscriber) => {
        const ageMs = Math.max(0, wallNow(scheduler) - createdAfterMs);
        const sinceMs = scheduler.now() - ageMs;
        const one = { prediction, createdAfterMs, sinceMs, subscriber, missed: 0, failed: 0, aloneAtMs: 0 };
        followed.set(prediction.id, one);
        if (!isAsking && (turn === null || schedule.readyAtMs(one, followed.size) < turnAtMs)) takeTurn();
        return () => {
          followed.delete(prediction.id);
          if (followed.size > 0) return;
          turn?.unsubscribe();
          turn = null;
          isAsking = false;
        };
      }),
  };
}
