import type { OffsetBounds } from '../../../base/clockOffset.ts';
import type { Prediction } from '../../../types.ts';
import { type Attempt, areAlike, fitsInTime, MARKS, showsMark } from './attempt.ts';
import type { OwnPredictions } from './ownPredictions.ts';

/** The attempts of a run that have a prediction which may be that of an equal attempt. */
export interface Adoptions {
  /** Notes a prediction that was found for an attempt, while others are open. */
  found(attempt: Attempt, prediction: Prediction, open: readonly Attempt[]): void;
  /** Notes the prediction of a response. */
  responded(attempt: Attempt, prediction: Prediction): void;
  /** Returns the attempts that are in doubt. */
  values(): readonly Attempt[];
}

/** More create requests than a run has in flight before it knows the service's clock. */
const MOST_EARLY = 4_096;

/**
 * Creates the record of attempts that may have the prediction of another one.
 *
 * A found prediction is in doubt while an identical attempt is open. One that a response named is
 * if it does not show the attempt, and the service's clock was not certain yet: a proxy may have
 * mixed up the response with that to an earlier, identical request. Once the clock is certain, only
 * those that do not fit in time are left.
 */
export function createAdoptions(own: OwnPredictions): Adoptions {
  let found: readonly Attempt[] = [];
  // Not whole predictions: they may hold images.
  let early: readonly { readonly attempt: Attempt; readonly createdAt: string | null }[] = [];
  return {
    found(attempt, { id }, open) {
      found = [...found, attempt].filter((one) =>
        open.some((other) => other !== one && areAlike(other, one)),
      );
      // Without such doubt it proves that the list has it.
      if (!found.includes(attempt) && own.offset !== null) own.noteFound(attempt, id);
    },
    responded(attempt, prediction) {
      if (isMarked(attempt, prediction)) return;
      const { createdAt } = prediction;
      const hasTime = !Number.isNaN(Date.parse(createdAt ?? ''));
      if (!own.isClockCertain && hasTime && early.length < MOST_EARLY)
        early = [...early, { attempt, createdAt }];
    },
    values() {
      if (own.isClockCertain)
        early = early.filter(({ attempt, createdAt }) => !fitsInTime(attempt, { createdAt }, own.offset));
      return [...found, ...early.map(({ attempt }) => attempt)];
    },
  };
}

function isMarked(attempt: Attempt, prediction: Prediction): boolean {
  return MARKS.some((mark) => showsMark[mark](attempt, prediction) === true);
}

/**
 * Returns the earliest time at which the prediction in a response can have been made, ms since
 * 1970. If it does not show the attempt, and the service's clock is not certain, a proxy may have
 * mixed up the response with that to an equal request that is open: then it proves no more than a
 * prediction of that one.
 */
export function mayExistSinceMs(
  attempt: Attempt,
  prediction: Prediction,
  open: readonly Attempt[],
  own: OwnPredictions,
): number {
  if (own.isClockCertain || isMarked(attempt, prediction)) return attempt.sentAtMs;
  const equal = open.filter((other) => areAlike(other, attempt));
  return Math.min(attempt.sentAtMs, ...equal.map(({ sentAtMs, notBeforeMs = sentAtMs }) => notBeforeMs));
}

/**
 * Returns the service's clock if it can be used to judge an attempt: one that may follow from a
 * response about the attempt's own prediction cannot.
 */
export function offsetFor(
  attempt: Attempt,
  adopted: readonly Attempt[],
  own: OwnPredictions,
): OffsetBounds | null {
  const mayBeWrong = !own.isClockCertain && adopted.some((other) => areAlike(other, attempt));
  return mayBeWrong ? null : own.offset;
}
