import {
  catchError,
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  mergeMap,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { maxTimerMs, monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { ProviderError } from '../../errors.ts';
import type { Follower, Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { checkedProvider } from '../internal/checkedProvider.ts';
import { concernsAllCalls } from '../internal/outageErrors.ts';
import { isRecoverable, isRetryableRead, retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { listedPredictions, PAGE_SIZE } from './listedPredictions.ts';
import { createPollSchedule, isFinal, isSilent, type PollScheduleConfig } from './pollSchedule.ts';

export interface ListPollerConfig extends PollScheduleConfig {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** A prediction with the subscribers that wait for it. */
interface Followed {
  readonly prediction: Prediction;
  /** Time just before its create request was sent, by the local clock: for lists. */
  readonly createdAfterMs: number;
  /** The same moment by the scheduler: for waits. */
  readonly sinceMs: number;
  /** Several if it is followed more than once: each gets its states. */
  readonly subscribers: Set<Subscriber<Prediction>>;
  /** Lists in a row that did not have it. */
  missed: number;
  /** Requests for it alone in a row that failed. */
  failed: number;
  /** True if the list may do better than the last of them. */
  isBetterListed: boolean;
  /** Time before which it is not requested alone, by the scheduler. */
  aloneAtMs: number;
}

function isKnown({ status }: Prediction): boolean {
  return status !== 'unknown';
}

/** Predictions that are asked for by their id at the same time. */
const AT_A_TIME = 8;
/** Shortest time for each prediction between two requests by id: ten a second for all of them. */
const APART_MS = 100;
/** Pauses before a list that failed is asked for again: after an error that may pass, or not. */
const LIST_PAUSES_MS = { first: 2_000, longest: 60_000, final: 300_000 } as const;

/**
 * Follows all predictions of a run with one request at a time: a page of the list covers a hundred
 * of them. No request is sent before one can be ready, by the run times of its model. Predictions
 * that the list does not have, or has with an unknown status or without their output, and the last
 * one, are requested by their id. If the list cannot be read, all of them are, at a slower pace.
 *
 *     follow(a), follow(b), follow(c)   -----------(a|)   -----------(b|)   -----p-----p-----(c|)
 *     lists                             -----l-----l      one request for all
 *     gets                              -----------------g      the last one
 *
 * A prediction that is followed twice ends twice. A failed request for one prediction is repeated
 * with a growing wait. If it keeps failing, its subscriber gets the error; if the error concerns
 * the whole run, every subscriber does.
 */
export function createListPoller(given: Provider, config: ListPollerConfig = {}): Follower {
  const provider = checkedProvider(given);
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  const schedule = createPollSchedule(config);
  const followed = new Map<string, Followed>();
  let turn: Subscription | null = null;
  let turnAtMs = Number.POSITIVE_INFINITY;
  let isAsking = false;
  /** Lists in a row that failed. */
  let failedLists = 0;
  /** Time before which no list is asked for, by the scheduler. */
  let listAtMs = Number.NEGATIVE_INFINITY;

  const emitState = (prediction: Prediction): void => {
    const waiting = followed.get(prediction.id);
    if (waiting === undefined) return;
    waiting.missed = 0;
    waiting.failed = 0;
    waiting.isBetterListed = false;
    const subscribers = [...waiting.subscribers];
    for (const subscriber of subscribers) subscriber.next(prediction);
    if (!isFinal(prediction)) return;
    schedule.learn(prediction);
    followed.delete(prediction.id);
    for (const subscriber of subscribers) subscriber.complete();
  };
  const emitError = (error: unknown, ids: Iterable<string>): void => {
    for (const id of ids) {
      const waiting = followed.get(id);
      followed.delete(id);
      for (const subscriber of [...(waiting?.subscribers ?? [])]) subscriber.error(error);
    }
  };

  const askAlone = (one: Followed): Observable<never> => {
    const { id } = one.prediction;
    return provider.getPrediction(id).pipe(
      tap(emitState),
      ignoreElements(),
      catchError((error: unknown) => {
        one.failed += 1;
        one.isBetterListed = isRecoverable(error);
        one.aloneAtMs = schedule.retryAtMs(one.failed, scheduler.now());
        const isHopeless = one.failed > retryPolicies.ask.retries || !isRetryableRead(error, one.failed);
        if (isHopeless) emitError(error, [id]);
        return EMPTY;
      }),
    );
  };
  const askEach = (wanted: readonly Followed[]): Observable<never> => {
    const nowMs = scheduler.now();
    const apartMs = APART_MS * (nowMs < listAtMs ? followed.size : wanted.length);
    for (const one of wanted) {
      one.aloneAtMs = Math.max(schedule.missingAtMs(one.missed, nowMs), nowMs + apartMs);
    }
    return from(wanted).pipe(mergeMap(askAlone, AT_A_TIME));
  };
  /** Lets the list rest after an error, unless that concerns the whole run. */
  const noteFailedList = (error: unknown): Observable<never> => {
    if (!(error instanceof ProviderError) || concernsAllCalls(error)) return throwError(() => error);
    const { first, longest, final } = LIST_PAUSES_MS;
    listAtMs = scheduler.now() + (error.recoverable ? Math.min(longest, first * 2 ** failedLists) : final);
    failedLists += 1;
    return EMPTY;
  };
  const askList = (due: readonly Followed[], silent: Set<string>): Observable<never> => {
    for (const one of due) one.missed += 1;
    return listedPredictions(provider, {
      createdAfterMs: Math.min(...due.map(({ createdAfterMs }) => createdAfterMs)),
      // Enough for all of them if they were alone in the list, and one page for the predictions of
      // others.
      pages: Math.ceil(due.length / PAGE_SIZE) + 1,
      isEnough: () => due.every(({ missed }) => missed === 0),
      patiently: retryBackoff({ ...retryPolicies.list, random, scheduler }),
    }).pipe(
      tap(({ predictions }) => {
        failedLists = 0;
        for (const prediction of predictions) {
          // One with an unknown status counts as missing, so that it is requested by its id.
          if (isSilent(prediction)) silent.add(prediction.id);
          else if (isKnown(prediction)) emitState(prediction);
        }
      }),
      ignoreElements(),
      catchError(noteFailedList),
    );
  };
  /**
   * Returns the predictions that two lists or more did not have, or that the list shows without
   * their output; the longer one is missing, the less often.
   */
  const missing = (due: readonly Followed[], silent: ReadonlySet<string>): Followed[] => {
    const nowMs = scheduler.now();
    const isUnread = nowMs < listAtMs;
    return due.filter(({ prediction: { id }, missed, aloneAtMs }) => {
      return followed.has(id) && (missed > 1 || isUnread || silent.has(id)) && aloneAtMs <= nowMs;
    });
  };
  /** Predictions that one request covers: without a list, a single one. */
  const coveredBy = (nowMs: number) => (nowMs < listAtMs ? 1 : followed.size);
  const ask = (): Observable<never> => {
    const nowMs = scheduler.now();
    const due = [...followed.values()].filter((one) => schedule.readyAtMs(one, coveredBy(nowMs)) <= nowMs);
    const [first] = due;
    // A timer may fire a moment before its time.
    if (first === undefined) return EMPTY;
    if (nowMs < listAtMs) return askEach(due);
    if (due.length === 1 && !first.isBetterListed) return askAlone(first);
    const silent = new Set<string>();
    return concat(
      askList(due, silent),
      defer(() => askEach(missing(due, silent))),
    );
  };

  const takeTurn = (): void => {
    turn?.unsubscribe();
    turn = null;
    if (followed.size === 0) return;
    const nowMs = scheduler.now();
    turnAtMs = schedule.nextTurnAtMs([...followed.values()], nowMs, coveredBy(nowMs));
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
        const unasked = { missed: 0, failed: 0, isBetterListed: false, aloneAtMs: 0 };
        const { id } = prediction;
        const fresh = { prediction, createdAfterMs, sinceMs, subscribers: new Set<typeof subscriber>() };
        const one = followed.get(id) ?? { ...fresh, ...unasked };
        one.subscribers.add(subscriber);
        followed.set(id, one);
        if (!isAsking && (turn === null || schedule.readyAtMs(one, coveredBy(scheduler.now())) < turnAtMs))
          takeTurn();
        return () => {
          one.subscribers.delete(subscriber);
          if (one.subscribers.size === 0 && followed.get(id) === one) followed.delete(id);
          if (followed.size > 0) return;
          turn?.unsubscribe();
          turn = null;
          isAsking = false;
        };
      }),
  };
}
