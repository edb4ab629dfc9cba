import type { Observable, Subscriber } from 'rxjs';
import type { Prediction } from '../../../types.ts';
import type { ServiceOutage } from '../watchService.ts';
import type { Attempt } from './attempt.ts';
import { LISTED_FOR_SURE_MS } from './judgeLook.ts';

export interface FindConfig {
  /**
   * Returns true if nothing is in flight besides lost requests. Until then a search continues
   * beyond `lookForMs`, because each further prediction of the run may prove something. Default:
   * true.
   */
  isAtRest?: () => boolean;
  /** Ends the search within 6 s when it emits. Default: never. */
  hurry?: Observable<unknown>;
}

/** The search for the prediction of a lost create request. Moments are ms since 1970. */
export interface Search {
  readonly attempt: Attempt;
  /** Gets the prediction, or null if none was made. */
  readonly subscriber: Subscriber<Prediction | null>;
  /** Returns true if nothing is in flight besides lost requests. */
  readonly isAtRest: () => boolean;
  /** Time for which it continues, from the create request, at least. */
  readonly lookForMs: number;
  readonly outage: Pick<ServiceOutage, 'awayMs' | 'wasAway' | 'mayBeAway'>;
  readonly beganMs: number;
  /** Moment from which a look may be the last. */
  deadlineMs: number;
  nextLookMs: number;
  /** Pause before the look after the next. */
  pauseMs: number;
  /** True if it ends at its deadline, even if other jobs are in flight. */
  isHurried: boolean;
  /** Moment since which nothing is in flight; null: something is. */
  restSinceMs: number | null;
  /** True if the response to a request in flight may prove more than the list. */
  isAwaiting: boolean;
}

const FIRST_PAUSE_MS = 2_000;
/** Longest pause until the deadline, and after it. */
const LONGEST_PAUSES_MS = { before: 30_000, after: 300_000 } as const;
/** Shortest pause between two looks, for however many requests. */
const BETWEEN_LOOKS_MS = 2_000;
/** Least time of a search: its third look comes then. */
const SHORTEST_SEARCH_MS = 6_000;
/** Time for which nothing may be in flight before the last look. */
const REST_MS = 2_000;
const REST_CHECK_MS = 1_000;

/** Begins a search: its looks come after 0, 2, 6, 14, 30, 60, 90, … s. */
export function beginSearch(
  search: Pick<Search, 'attempt' | 'subscriber' | 'isAtRest' | 'lookForMs' | 'outage'>,
  nowMs: number,
): Search {
  return {
    ...search,
    beganMs: nowMs,
    deadlineMs: Math.max(search.attempt.sentAtMs + search.lookForMs, nowMs + SHORTEST_SEARCH_MS),
    nextLookMs: nowMs,
    pauseMs: FIRST_PAUSE_MS,
    isHurried: false,
    restSinceMs: null,
    isAwaiting: false,
  };
}

/** A search of less time was asked to end soon. */
const USUAL_SEARCH_MS = 120_000;

/**
 * Returns the moment from which a look may be the last, by present knowledge: the time of outages
 * does not count, and a request that was lost in one is looked for until the list must have it. So
 * is one that only may have been lost in an outage, unless the search was asked to end soon.
 */
function deadlineOf({ attempt, deadlineMs, lookForMs, isHurried, outage, beganMs }: Search): number {
  if (isHurried) return deadlineMs;
  const lostAtMs = attempt.endedAtMs ?? attempt.sentAtMs;
  const isInOutage = outage.wasAway(lostAtMs) || (lookForMs >= USUAL_SEARCH_MS && outage.mayBeAway(lostAtMs));
  const leastMs = isInOutage ? lostAtMs + LISTED_FOR_SURE_MS : 0;
  return Math.max(deadlineMs + outage.awayMs(beganMs), leastMs);
}

/**
 * Lets searches end once the run is at rest: a list that always breaks off proves nothing.
 */
export function endSearches(searches: readonly Search[], nowMs: number): void {
  for (const search of searches) search.deadlineMs = Math.min(search.deadlineMs, nowMs);
}

/** Lets a search end soon: after its third look from now. */
export function hurrySearch(search: Search, nowMs: number): void {
  search.isHurried = true;
  search.deadlineMs = Math.min(search.deadlineMs, nowMs + SHORTEST_SEARCH_MS);
  search.nextLookMs = nowMs;
  search.pauseMs = FIRST_PAUSE_MS;
}

/** Notes that a look begins, which serves this search too. */
export function noteLook(search: Search, nowMs: number): void {
  const longestMs = nowMs < deadlineOf(search) ? LONGEST_PAUSES_MS.before : LONGEST_PAUSES_MS.after;
  search.nextLookMs = nowMs + search.pauseMs;
  search.pauseMs = Math.min(longestMs, 2 * search.pauseMs);
}

/** Returns true if a look at this moment is the last one of a search. */
export function isLastLook(search: Search, nowMs: number): boolean {
  const { attempt, lookForMs, isHurried, restSinceMs, isAwaiting } = search;
  if (nowMs < deadlineOf(search)) return false;
  const isRested = restSinceMs !== null && nowMs - restSinceMs >= REST_MS;
  // Past this age the list shows all that it will ever show.
  const isOld = nowMs >= attempt.sentAtMs + Math.max(lookForMs, LISTED_FOR_SURE_MS);
  return isHurried || isRested || (isOld && !isAwaiting);
}

/** The next thing to do for all searches. */
interface NextTurn {
  readonly afterMs: number;
  /** True for a look; false to find out if the run has come to rest. */
  readonly isLook: boolean;
}

/**
 * Returns when to look next, at least a pause after the last look. From the deadline of a search on
 * the run is watched for coming to rest.
 */
export function nextTurn(searches: readonly Search[], nowMs: number, lookedAtMs: number): NextTurn {
  for (const search of searches) noteRest(search, nowMs);
  const dueMs = Math.min(...searches.map((one) => (isLastLook(one, nowMs) ? nowMs : one.nextLookMs)));
  const lookMs = Math.max(dueMs, lookedAtMs + BETWEEN_LOOKS_MS, nowMs);
  const checkMs = Math.min(
    ...searches
      .map(deadlineOf)
      .map((deadlineMs) => (nowMs < deadlineMs ? deadlineMs : nowMs + REST_CHECK_MS)),
  );
  return { afterMs: Math.min(lookMs, checkMs) - nowMs, isLook: lookMs <= checkMs };
}

function noteRest(search: Search, nowMs: number): void {
  if (nowMs < deadlineOf(search)) return;
  search.restSinceMs = search.isAtRest() ? (search.restSinceMs ?? nowMs) : null;
}
