import type { PartCalls } from '../database/partCalls.ts';
import type { PartJournal } from '../part/partJournal.ts';
import type { TakenPart } from '../part/takePart.ts';

/** A part that this worker has, with its calls and its journal. */
export interface PartInHand {
  readonly taken: TakenPart;
  readonly calls: PartCalls;
  readonly journal: PartJournal;
}

/** The parts that this worker has, found by their jobs. */
export interface PartsInHand {
  /** Returns the part that a job of a run is in; undefined if this worker does not have it. */
  of(run: number, index: number): PartInHand | undefined;
  /** Adds a part; returns a function that removes it. A later epoch of the same part stays. */
  add(part: PartInHand, leavesRest: boolean): () => void;
  /** Counts the jobs that wait for their first create request, but not those left to others. */
  unbegun(): number;
}

/** Creates the register of a worker's parts. */
export function createPartsInHand(): PartsInHand {
  const parts = new Map<string, PartInHand>();
  const waiting = new Set<PartInHand>();
  return {
    of: (run, index) => parts.get(`${run}/${index}`),
    unbegun() {
      let count = 0;
      for (const { taken, journal } of waiting) {
        for (const { index } of taken.plans) if (journal.find(index) === undefined) count += 1;
      }
      return count;
    },
    add(part, leavesRest) {
      if (!leavesRest) waiting.add(part);
      const keys = part.taken.plans.map(({ index }) => `${part.taken.run}/${index}`);
      for (const key of keys) parts.set(key, part);
      return () => {
        waiting.delete(part);
        for (const key of keys) if (parts.get(key) === part) parts.delete(key);
      };
    },
  };
}
