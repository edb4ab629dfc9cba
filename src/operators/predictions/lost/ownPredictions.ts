import { createClockOffset, type OffsetBounds } from '../../../base/clockOffset.ts';
import type { Prediction } from '../../../types.ts';
import {
  type Attempt,
  fitsInTime,
  MARKS,
  type Mark,
  type SentRequest,
  SKEW_MS,
  showsMark,
} from './attempt.ts';

/**
 * The predictions of a run whose create requests are known, and the facts about the service that
 * follow.
 */
export interface OwnPredictions {
  /**
   * Notes the response to a create request. The service's clock, and which parts of a request it
   * shows again, are learned from it. `sinceMs` is the earliest time at which the prediction can
   * have been made; default: when the request was sent.
   */
  note(sent: SentRequest, prediction: Prediction, respondedAtMs: number, sinceMs?: number): void;
  /** Notes a prediction that was found in the list, and is certainly that of the request. */
  noteFound(sent: SentRequest, id: string): void;
  /**
   * Returns true if a response is about a prediction that was created long before the request, by a
   * clock that is certain. Two such responses that agree with one another are believed: the
   * service's clock was set.
   */
  isEarlier(attempt: Attempt, prediction: Prediction, respondedAtMs: number): boolean;
  /** Returns true if a response shows another attempt, of a service that shows attempts. */
  isOfAnother(attempt: Attempt, prediction: Prediction): boolean;
  /** Learns from a list how long the service takes to list a prediction. */
  see(listed: ReadonlySet<string>, since: { readonly sentAtMs: number; readonly lookedAtMs: number }): void;
  /**
   * Returns the time after which the latest of the listed predictions was certainly made, ms since
   * 1970; -Infinity if none of them is known.
   */
  latestListedMs(listed: ReadonlySet<string>): number;
  /** The longest time, so far, for which a prediction may have existed and was not listed. */
  readonly longestLagMs: number;
  /** The service's clock, compared with the local one; null: nothing is known. */
  readonly offset: OffsetBounds | null;
  /** True if responses some seconds apart agree on that clock: one may be about another request. */
  readonly isClockCertain: boolean;
  /**
   * The parts of a request that responses show again: true or false; null while it is not known.
   */
  readonly shows: Readonly<Record<Mark, boolean | null>>;
  /** Notes that the service shows this part of requests. */
  noteShown(mark: Mark): void;
}

interface OwnPrediction {
  /** Earliest time at which it can have been made. */
  readonly sinceMs: number;
  /** Time from which it certainly existed. */
  readonly existsFromMs: number;
}

/** Enough for the slowest list at the highest rate, in some 500 kB. */
const REMEMBERED = 4_096;

/** Creates the record of a run's own predictions, which forgets all but the latest. */
export function createOwnPredictions(): OwnPredictions {
  const own = new Map<string, OwnPrediction>();
  const offset = createClockOffset();
  /** The same, with each prediction made at some moment since its `sinceMs`. */
  const cautious = createClockOffset();
  let doubted = createClockOffset();
  const shows: Record<Mark, boolean | null> = { limit: null, webhook: null };
  let longestLagMs = 0;

  const remember = (id: string, prediction: OwnPrediction): void => {
    own.set(id, prediction);
    const [oldest] = own.keys();
    if (own.size > REMEMBERED && oldest !== undefined) own.delete(oldest);
  };
  const learnMark = (mark: Mark, isSent: boolean, isShown: boolean | null): void => {
    if (isSent && shows[mark] !== true) shows[mark] = isShown === true;
  };
  return {
    note(sent, prediction, respondedAtMs, sinceMs = sent.sentAtMs) {
      remember(prediction.id, { sinceMs, existsFromMs: respondedAtMs });
      offset.learn(prediction.createdAt, sent.sentAtMs, respondedAtMs);
      cautious.learn(prediction.createdAt, sinceMs, respondedAtMs);
      learnMark('limit', (sent.cancelAfterMs ?? null) !== null, showsMark.limit(sent, prediction));
      learnMark('webhook', (sent.webhookUrl ?? null) !== null, showsMark.webhook(sent, prediction));
    },
    isEarlier(attempt, prediction, respondedAtMs) {
      if (!offset.isCertain || fitsInTime(attempt, prediction, offset.bounds, SKEW_MS)) {
        doubted = createClockOffset();
        return false;
      }
      doubted.learn(prediction.createdAt, attempt.sentAtMs, respondedAtMs);
      return doubted.agreeing < 2;
    },
    isOfAnother(attempt, prediction) {
      return MARKS.some((mark) => shows[mark] === true && showsMark[mark](attempt, prediction) === false);
    },
    noteFound(sent, id) {
      remember(id, { sinceMs: sent.sentAtMs, existsFromMs: Number.POSITIVE_INFINITY });
    },
    see(listed, { sentAtMs, lookedAtMs }) {
      for (const [id, one] of own) {
        if (one.sinceMs < sentAtMs || one.existsFromMs > lookedAtMs || listed.has(id)) continue;
        // The response may have been waited for: it may have existed for as long.
        longestLagMs = Math.max(longestLagMs, lookedAtMs - one.sinceMs);
      }
    },
    latestListedMs(listed) {
      let latestMs = Number.NEGATIVE_INFINITY;
      for (const [id, { sinceMs }] of own) if (listed.has(id)) latestMs = Math.max(latestMs, sinceMs);
      return latestMs;
    },
    get longestLagMs() {
      return longestLagMs;
    },
    get offset() {
      return offset.isCertain ? offset.bounds : cautious.bounds;
    },
    get isClockCertain() {
      return offset.isCertain;
    },
    shows,
    noteShown(mark) {
      shows[mark] = true;
    },
  };
}
