import type { Prediction } from '../../../types.ts';
import { isAtLeast } from '../matching/match.ts';
import { type Attempt, areAlike, MARKS, showsMark } from './attempt.ts';
import type { OwnPredictions } from './ownPredictions.ts';

/**
 * Returns whose attempt a prediction shows: the attempt's own, that of another identical attempt of
 * this run, or one that is none of this run's (`foreign`). `doubtful`: another one, but it is not
 * known yet if the service shows attempts at all.
 */
export function marksOf(
  prediction: Prediction,
  attempt: Attempt,
  all: readonly Attempt[],
  { shows }: OwnPredictions,
): 'own' | 'ofAnother' | 'none' | 'doubtful' | 'foreign' {
  const shown = MARKS.filter(
    (mark) => shows[mark] !== false && showsMark[mark](attempt, prediction) !== null,
  );
  if (shown.length === 0) return 'none';
  if (shown.every((mark) => showsMark[mark](attempt, prediction))) {
    return shown.some((mark) => shows[mark]) ? 'own' : 'none';
  }
  if (!shown.some((mark) => shows[mark])) return 'doubtful';
  const isOfAnother = all.some(
    (other) => shown.every((mark) => showsMark[mark](other, prediction)) && areAlike(other, attempt),
  );
  return isOfAnother ? 'ofAnother' : 'foreign';
}

/** Learns from a prediction that fits an attempt to the second that the service shows attempts. */
export function learnMarks(
  candidates: readonly Prediction[],
  lost: readonly Attempt[],
  own: OwnPredictions,
): void {
  for (const mark of MARKS) {
    if (own.shows[mark] !== null) continue;
    const isShown = candidates.some((prediction) =>
      lost.some(
        (attempt) =>
          showsMark[mark](attempt, prediction) === true && isAtLeast(attempt.match(prediction), 'near'),
      ),
    );
    if (isShown) own.noteShown(mark);
  }
}
