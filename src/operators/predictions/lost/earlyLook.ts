import type { ShownRequest } from '../matchRequest.ts';
import type { Attempt } from './attempt.ts';
import { LISTED_FOR_SURE_MS, type Look, lastMomentOf } from './judgeLook.ts';

/** What the list has shown before the run had made anything. */
export interface EarlyLook {
  /** Notes a look, in place of the one before. A claimed prediction belongs to a job already. */
  note(look: Look, isClaimed: (id: string) => boolean): void;
  /**
   * Returns true if the attempt made nothing: it was ten minutes old, and no prediction could be
   * its own. What an equal request has made since, which a later look shows, cannot be either.
   */
  disproves(attempt: Attempt): boolean;
  /** Forgets the look. */
  clear(): void;
}

/** A longer list is not kept: some megabytes, if the inputs are long. */
const MOST_KEPT = 2_000;

/** Creates the record, which keeps the inputs of the last complete look alone. */
export function createEarlyLook(): EarlyLook {
  let kept: { readonly atMs: number; readonly sinceMs: number; readonly shown: ShownRequest[] } | null = null;
  return {
    note({ isComplete, atMs, sinceMs, listed }, isClaimed) {
      if (!isComplete || listed.length > MOST_KEPT) return;
      const shown = listed
        .filter(({ id, input }) => input !== null || !isClaimed(id))
        .map(({ model, version, input }) => ({ model, version, input }));
      kept = { atMs, sinceMs, shown };
    },
    disproves(attempt) {
      const { sentAtMs, notBeforeMs = sentAtMs, answeredId, match } = attempt;
      if (kept === null || answeredId !== null || notBeforeMs < kept.sinceMs) return false;
      if (kept.atMs - lastMomentOf(attempt) < LISTED_FOR_SURE_MS) return false;
      return kept.shown.every((one) => match(one) === 'other');
    },
    clear() {
      kept = null;
    },
  };
}
