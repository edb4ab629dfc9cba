import { expectOption } from '../../base/options.ts';
import { hasEnded } from '../../base/service.ts';
import type { Prediction } from '../../types.ts';
import { expectAbove0 } from '../internal/options.ts';

export interface PollScheduleConfig {
  /** Shortest wait between two requests. Default 250. */
  shortestMs?: number;
  /** Longest wait between two requests. Default 5000. */
  longestMs?: number;
  /**
   * Returns the number of processes that ask about predictions of the same account: the shortest
   * wait is multiplied by it, up to the longest. Default 1.
   */
  pollers?: () => number;
}

/**
 * The fields of a prediction in flight that its next request depends on; times by the scheduler.
 */
interface InFlight {
  readonly prediction: Pick<Prediction, 'model'>;
  /** Time just before its create request was sent. */
  readonly sinceMs: number;
  /** Time before which it is not requested by its id. */
  readonly aloneAtMs: number;
}

/** Decides when to ask a service about predictions, one request for all of them at a time. */
interface PollSchedule {
  /** Learns from the times of a prediction that has ended. */
  learn(prediction: Prediction): void;
  /** Notes that a request is sent at this moment. */
  noteTurn(nowMs: number): void;
  /**
   * Returns the moment before which a request about a prediction is in vain, if it covers `count`
   * of them.
   */
  readyAtMs(one: InFlight, count: number): number;
  /**
   * Returns the moment of the next request: once the first prediction is ready, and a pause after
   * the last request. `count` is the number of predictions that it covers, all by default.
   */
  nextTurnAtMs(all: readonly InFlight[], nowMs: number, count?: number): number;
  /**
   * Returns the moment to request a prediction by its id again, after `failed` requests in a row
   * that failed.
   */
  retryAtMs(failed: number, nowMs: number): number;
  /**
   * Returns the moment to request a prediction by its id again that `missed` lists in a row did not
   * have.
   */
  missingAtMs(missed: number, nowMs: number): number;
}

/**
 * The wait between two requests, as a part of the usual run time: more if one request covers few.
 */
const SHARE_OF_RUN_TIME = 0.1;
const SHARE_FOR_ONE = 0.25;
/** No prediction is ready much before the fastest of its model. */
const EARLIEST = 0.9;

/**
 * Creates the schedule of a poller: arithmetic alone, without clock or timers. Until three
 * predictions of a model have ended, a pause is a share of three times the time that the oldest in
 * flight has taken so far; from then on a share of the usual run time.
 *
 * Throws a RangeError if `shortestMs` is not above 0, or `longestMs` is below it.
 */
export function createPollSchedule(config: PollScheduleConfig = {}): PollSchedule {
  const { shortestMs = 250, longestMs = 5_000, pollers = () => 1 } = config;
  expectAbove0(shortestMs, 'shortestMs');
  expectOption(longestMs >= shortestMs, 'longestMs', '`shortestMs` or more', longestMs);
  const runTimes = createRunTimeStats();
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const readyAtMs = ({ prediction, sinceMs, aloneAtMs }: InFlight, count: number): number => {
    const earliestMs = Math.max(shortestMs, EARLIEST * runTimes.shortestMs(prediction.model));
    return Math.max(sinceMs + earliestMs, count === 1 ? aloneAtMs : 0);
  };
  const pauseMs = (all: readonly InFlight[], nowMs: number): number => {
    const models = new Set(all.map(({ prediction }) => prediction.model));
    const knownMs = Math.min(...[...models].map(runTimes.medianMs));
    const guessMs = 3 * (nowMs - Math.min(...all.map(({ sinceMs }) => sinceMs)));
    const share = SHARE_OF_RUN_TIME + SHARE_FOR_ONE / all.length;
    const wishedMs = Math.round(share * (knownMs > 0 ? knownMs : guessMs));
    return Math.min(longestMs, Math.max(shortestMs * pollers(), wishedMs));
  };
  return {
    learn: runTimes.learn,
    noteTurn: (nowMs) => {
      askedAtMs = nowMs;
    },
    readyAtMs,
    nextTurnAtMs: (all, nowMs, count = all.length) => {
      const firstMs = Math.min(...all.map((one) => readyAtMs(one, count)));
      return Math.max(firstMs, askedAtMs + pauseMs(all, nowMs));
    },
    retryAtMs: (failed, nowMs) => nowMs + Math.min(longestMs, shortestMs * 2 ** failed),
    missingAtMs: (missed, nowMs) => nowMs + Math.min(longestMs, Math.round(shortestMs * 1.5 ** missed)),
  };
}

/** Run times of predictions, from creation to end, by model. */
interface RunTimes {
  /** Learns from the times of a prediction that has ended. */
  learn(prediction: Prediction): void;
  /** Returns the shortest run time of the latest ones in ms; 0 while unknown. */
  shortestMs(model: string): number;
  /** Returns the median of the others in ms; 0 while unknown. */
  medianMs(model: string): number;
}

interface ModelTimes {
  readonly latest: readonly number[];
  readonly shortestMs: number;
  readonly medianMs: number;
}

/** Enough to follow a service that becomes slower or faster during a run. */
const REMEMBERED = 32;
const ENOUGH = 3;

/**
 * Creates the run times of a run, from the times that the service writes on its predictions: the
 * local clock does not matter.
 */
export function createRunTimeStats(): RunTimes {
  const byModel = new Map<string, ModelTimes>();
  return {
    learn({ model, status, createdAt, completedAt }) {
      if (status !== 'succeeded' || createdAt === null || completedAt === null) return;
      const tookMs = Date.parse(completedAt) - Date.parse(createdAt);
      if (tookMs >= 0) byModel.set(model, withTime(byModel.get(model)?.latest ?? [], tookMs));
    },
    shortestMs: (model) => byModel.get(model)?.shortestMs ?? 0,
    medianMs: (model) => byModel.get(model)?.medianMs ?? 0,
  };
}

function withTime(before: readonly number[], tookMs: number): ModelTimes {
  const latest = [...before, tookMs].slice(-REMEMBERED);
  if (latest.length < ENOUGH) return { latest, shortestMs: 0, medianMs: 0 };
  const [shortestMs = 0, ...longer] = latest.toSorted((a, b) => a - b);
  return { latest, shortestMs, medianMs: longer[(longer.length - 1) >> 1] ?? shortestMs };
}

/**
 * Returns true if there is nothing more to wait for: the prediction has ended, or its whole output
 * is there.
 */
export function isFinal(prediction: Prediction): boolean {
  return prediction.outputComplete || hasEnded(prediction);
}

/**
 * Returns true if a prediction has succeeded but does not show its output: then it must be
 * requested by its id.
 */
export function isSilent({ outputComplete, output, dataRemoved }: Prediction): boolean {
  return outputComplete && output === null && !dataRemoved;
}
