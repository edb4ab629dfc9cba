import type { Prediction } from '../../../types.ts';
import { isAtLeast, type Match, matchRanks } from '../matching/match.ts';
import { offsetFor } from './adoptions.ts';
import { type Attempt, areAlike, fitsInTime, isSoonAfter, LATE_MS } from './attempt.ts';
import { isOlder, type Look, type NewestListed, newestIn } from './look.ts';
import { learnMarks, marksOf } from './marks.ts';
import type { OwnPredictions } from './ownPredictions.ts';

/** The create requests of a run that a look is about. */
export interface OpenAttempts {
  /** Those whose response was lost. */
  readonly lost: readonly Attempt[];
  /** Those that still wait for their response. */
  readonly inFlight: readonly Attempt[];
  /** Those that have a prediction which may be that of another attempt. */
  readonly adopted: readonly Attempt[];
}

/** The facts that are known besides the look. */
interface Knowledge {
  readonly own: OwnPredictions;
  /** Returns true if a prediction belongs to a job already. */
  readonly isClaimed: (id: string) => boolean;
  /** Returns true if an earlier look has shown that an attempt made nothing. */
  readonly isDisproved: (attempt: Attempt, isClaimed: Knowledge['isClaimed']) => boolean;
  /** Returns true if there will be no further look for an attempt. */
  readonly isLast: (attempt: Attempt) => boolean;
}

/** The result of a look. */
export interface Verdict {
  /** The predictions of lost requests. */
  readonly found: ReadonlyMap<Attempt, Prediction>;
  /** Lost requests that made nothing. */
  readonly neverMade: readonly Attempt[];
  /** Lost requests about which the response to a request in flight may prove more. */
  readonly awaiting: ReadonlySet<Attempt>;
}

/**
 * Decides which of the listed predictions belong to which lost create requests, and which of these
 * made nothing.
 *
 * A prediction goes to the request that it fits best, by its input, its time, and the marks that it
 * shows of the attempt; of several that fit alike the oldest goes to the oldest request, because a
 * newer one may be the only match for a request that was sent later. A prediction that may be that
 * of a request, but shows it in a doubtful spelling, is not taken; it keeps the request open. So
 * does one that may be that of an identical request in flight, for a request of an earlier run.
 *
 * A request made nothing if the list lacks its prediction, and provably covers its time.
 */
export function judgeLook(look: Look, open: OpenAttempts, known: Knowledge): Verdict {
  const unmade = open.lost.filter((attempt) => known.isDisproved(attempt, known.isClaimed));
  const lost = open.lost.filter((attempt) => !unmade.includes(attempt));
  const verdict = judgeOpen(look, { ...open, lost }, known);
  return { ...verdict, neverMade: [...unmade, ...verdict.neverMade] };
}

function judgeOpen(look: Look, attempts: OpenAttempts, known: Knowledge): Verdict {
  const candidates = look.listed.filter(({ id }) => !known.isClaimed(id));
  learnMarks(candidates, attempts.lost, known.own);
  const newest = newestIn(look);
  const fits = candidates.flatMap((prediction, place) =>
    fitsOf(prediction, newest, attempts, known).map((fit) => ({ ...fit, place })),
  );
  const found = assign(fits.filter(({ attempt, isSure }) => isSure && attempt.endedAtMs !== null));
  const taken = new Set([...found.values()].map(({ id }) => id));
  const open = fits.filter(({ prediction }) => !taken.has(prediction.id));
  const inDoubt = new Set(open.map(({ attempt }) => attempt));
  const awaiting = new Set([
    ...open.filter(({ isAwaited }) => isAwaited).map(({ attempt }) => attempt),
    // A further response proves whose prediction an equal request has got.
    ...attempts.lost.filter((one) => known.own.offset !== null && mayBeLongOver(one, attempts, known)),
  ]);
  const listed = new Set(look.listed.map(({ id }) => id));
  const neverMade = attempts.lost.filter(
    (attempt) =>
      !found.has(attempt) && !inDoubt.has(attempt) && isCovered(attempt, look, listed, attempts, known),
  );
  return { found, neverMade, awaiting };
}

/** A prediction that may be that of an attempt. */
interface Fit {
  readonly attempt: Attempt;
  readonly prediction: Prediction;
  /** The higher, the better. */
  readonly rank: number;
  /** True if it may be taken. */
  readonly isSure: boolean;
  /** True if the response to a request in flight will show if it is that one's. */
  readonly isAwaited: boolean;
}

/**
 * Lists the lost attempts that a prediction may belong to, without those that it fits less than
 * another request of the run.
 */
function fitsOf(
  prediction: Prediction,
  newest: NewestListed,
  attempts: OpenAttempts,
  known: Knowledge,
): Fit[] {
  const open = [...attempts.lost, ...attempts.inFlight].map((attempt) =>
    fitOf(prediction, newest, attempt, attempts, known),
  );
  const possible = open.filter((fit) => fit !== null);
  const best = Math.max(...possible.map(({ match }) => match));
  const waiting = Math.max(
    0,
    ...possible.filter(({ attempt }) => attempt.endedAtMs === null).map(({ rank }) => rank),
  );
  return possible
    .filter(
      ({ attempt, match, rank, isSure }) =>
        attempt.endedAtMs !== null && rank >= waiting && (isSure || match === best),
    )
    .map((fit) => {
      const isAwaited = fit.rank === waiting && mayBeLongOver(fit.attempt, attempts, known);
      return { ...fit, isAwaited, isSure: fit.isSure && !isAwaited };
    });
}

/**
 * Returns true if an attempt may be far older than a prediction that it fits: it is that of an
 * earlier run, and the service's clock is not known. If it made nothing, the list shows that now;
 * of an equal request whose prediction it takes, the list shows nothing for ten minutes.
 */
function mayBeLongOver(attempt: Attempt, { adopted }: OpenAttempts, { own }: Knowledge): boolean {
  return attempt.isFromBefore === true && offsetFor(attempt, adopted, own) === null;
}

/** Ranks of the marks that a prediction shows of an attempt; they count more than its input. */
const MARK_RANKS = { own: 30, none: 20, doubtful: 20, ofAnother: 10, foreign: 10 } as const;
/** Rank of a time that fits the attempt itself, and not only another one that is alike. */
const OWN_TIME_RANK = 0.5;
/** Further rank of a time soon after the attempt was sent, as of almost all predictions. */
const SOON_RANK = 0.25;

function fitOf(
  prediction: Prediction,
  newest: NewestListed,
  attempt: Attempt,
  { lost, inFlight, adopted }: OpenAttempts,
  { own, isLast }: Knowledge,
): (Omit<Fit, 'isAwaited'> & { readonly match: number }) | null {
  const match = matchOf(prediction, attempt);
  if (match === 'other') return null;
  const offset = offsetFor(attempt, adopted, own);
  const mayBeOf = (one: Attempt) =>
    offset === null ? !isOlder(one, prediction, newest) : fitsInTime(one, prediction, offset);
  const isInTime = mayBeOf(attempt);
  // An equal request may have taken the prediction of this one, and left its own.
  const isLeftOver = () => adopted.some((other) => areAlike(other, attempt) && mayBeOf(other));
  const isAnswer = prediction.id === attempt.answeredId && match !== 'faint';
  // The prediction that a response named may be right after all: the service may have set its
  // clock.
  const isOutOfTime = !isInTime && !isLeftOver();
  if (isOutOfTime && !isAnswer) return null;
  const marks = marksOf(prediction, attempt, [...lost, ...inFlight, ...adopted], own);
  if (marks === 'foreign' && !isAnswer) return null;
  const isPlain = isAtLeast(match, 'same') || isAnswer;
  const isOwn = marks === 'own' && isAtLeast(match, 'near');
  const isDoubtful = marks === 'doubtful' || marks === 'foreign' || isOutOfTime;
  const isSure = isDoubtful ? isPlain && isLast(attempt) : isPlain || isOwn;
  const value = matchRanks[match];
  const soonRank = isSoonAfter(attempt, prediction, offset) ? SOON_RANK : 0;
  const timeRank = isInTime ? OWN_TIME_RANK + soonRank : 0;
  const rank = value + MARK_RANKS[marks] + timeRank;
  return { attempt, prediction, rank, isSure, match: value };
}

/**
 * Returns how well a prediction shows an attempt. If the service gave its id in response to the
 * attempt, the name of the model may differ; with another input it keeps the attempt open at least.
 */
function matchOf(prediction: Prediction, { match, request, answeredId }: Attempt): Match {
  const matched = match(prediction);
  if (matched !== 'other' || prediction.id !== answeredId) return matched;
  return isAtLeast(match({ ...prediction, model: request.model }), 'same') ? 'near' : 'faint';
}

/** Gives each prediction to one attempt, and each attempt one prediction, the best fits first. */
function assign(fits: readonly (Fit & { readonly place: number })[]): Map<Attempt, Prediction> {
  const found = new Map<Attempt, Prediction>();
  const given = new Set<string>();
  const inOrder = fits.toSorted(
    (one, other) =>
      other.rank - one.rank || one.attempt.sentAtMs - other.attempt.sentAtMs || other.place - one.place,
  );
  for (const { attempt, prediction } of inOrder) {
    if (found.has(attempt) || given.has(prediction.id)) continue;
    found.set(attempt, prediction);
    given.add(prediction.id);
  }
  return found;
}

/**
 * Time from a lost request to the first look that can find that it made nothing. A list may show a
 * later prediction before an earlier one.
 */
const SETTLED_MS = 60_000;
/** Age at which no list lacks a prediction any more. */
export const LISTED_FOR_SURE_MS = 600_000;
/** Reserve over the longest time that the list has taken to show one of the run's predictions. */
const LAG_RESERVE = 1.25;

/**
 * Returns true if the list must have the attempt's prediction, if there is one. Attempts that are
 * alike are judged together, by the latest of them: each may have taken the prediction of another.
 */
function isCovered(
  attempt: Attempt,
  { atMs, isComplete, isCurrent }: Look,
  listed: ReadonlySet<string>,
  { lost, adopted }: OpenAttempts,
  { own }: Knowledge,
): boolean {
  if (!isComplete) return false;
  if (isCurrent) return true;
  const alike = [...lost, ...adopted].filter((other) => other === attempt || areAlike(other, attempt));
  const ageMs = atMs - Math.max(...alike.map(lastMomentOf));
  // It may have been made late, and is then listed as late as any other.
  if (ageMs < Math.max(SETTLED_MS, LATE_MS + LAG_RESERVE * own.longestLagMs)) return false;
  const endedAtMs = Math.max(...alike.map((other) => other.endedAtMs ?? other.sentAtMs));
  return ageMs >= LISTED_FOR_SURE_MS || own.latestListedMs(listed) > endedAtMs;
}

/** It is unknown when the response of an earlier run's request was lost. */
export function lastMomentOf({ sentAtMs, endedAtMs, isFromBefore }: Attempt): number {
  return isFromBefore || endedAtMs === null ? sentAtMs : endedAtMs;
}
