import type { Prediction } from '../../../types.ts';
import type { ShownRequest } from '../matching/matchRequest.ts';
import type { Attempt } from './attempt.ts';
import { LISTED_FOR_SURE_MS, lastMomentOf } from './judgeLook.ts';
import type { Look } from './look.ts';

/** The list as it was before the run had made anything. */
export interface EarlyLook {
  /** Notes a look, in place of the one before. */
  note(look: Look): void;
  /**
   * Returns true if the attempt made nothing: it was ten minutes old, and no prediction could be
   * its own; one whose input is unknown is not if it belongs to a job by now. A prediction that an
   * equal request has made since, which a later look shows, is not its own either.
   */
  disproves(attempt: Attempt, isClaimed: (id: string) => boolean): boolean;
  /** Forgets the look. */
  clear(): void;
}

/** A longer list is not kept: some megabytes, if the inputs are long. */
const MOST_KEPT = 2_000;

/** The part of a look that is kept. */
interface KeptLook extends Pick<Look, 'atMs' | 'sinceMs'> {
  readonly shown: readonly (ShownRequest & Pick<Prediction, 'id'>)[];
}

/** Creates the record, which keeps the inputs of the last complete look alone. */
export function createEarlyLook(): EarlyLook {
  let kept: KeptLook | null = null;
  return {
    note({ isComplete, atMs, sinceMs, listed }) {
      if (!isComplete || listed.length > MOST_KEPT) return;
      const shown = listed.map(({ id, model, version, input }) => ({ id, model, version, input }));
      kept = { atMs, sinceMs, shown };
    },
    disproves(attempt, isClaimed) {
      const { sentAtMs, notBeforeMs = sentAtMs, answeredId, match } = attempt;
      if (kept === null || answeredId !== null || notBeforeMs < kept.sinceMs) return false;
      if (kept.atMs - lastMomentOf(attempt) < LISTED_FOR_SURE_MS) return false;
      return kept.shown.every((one) => match(one) === 'other' || (one.input === null && isClaimed(one.id)));
    },
    clear() {
      kept = null;
    },
  };
}
