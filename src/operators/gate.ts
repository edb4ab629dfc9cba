import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { createFifoQueue } from './internal/fifoQueue.ts';
import { expectOption } from './internal/options.ts';

/**
 * Subscribes to its source when the gate has a free slot, and frees the slot when the source
 * completes, fails or is unsubscribed. Sources enter in the order in which they came.
 *
 *     two sources, one slot      --(a|)
 *     first                      --(a|)
 *     second                     ----(a|)
 */
export function gate<T>(through: Gate): MonoTypeOperatorFunction<T> {
  // The subscriber's own teardown leaves the gate, so a source that ends at once frees its slot
  // too. Nothing more is held for a waiting source: there may be a million.
  return (source) => new Observable<T>((subscriber) => through.enter(() => source.subscribe(subscriber)));
}

/** A bounded number of slots, given out in the order of the calls. */
export interface Gate {
  /** Slots in all. */
  readonly places: number;
  /** Slots in use. */
  readonly running: number;
  /** Callers in line. */
  readonly waiting: number;
  /**
   * Calls `enter` when a slot is free, at once if one is. Returns a function that leaves: it frees
   * the slot, or steps out of the line. Calling it again does nothing.
   */
  enter(enter: () => void): () => void;
  /**
   * Changes the number of slots. Callers inside stay: with fewer slots the next one enters only
   * after enough have left.
   */
  resize(slots: number): void;
}

interface Visit {
  readonly enter: () => void;
  isInside: boolean;
}

/**
 * Creates a gate with this many slots: an integer of 1 or more. Share it between all jobs of a run
 * to bound one of their stages. Take gates in the order of the stages and never two at once, and no
 * deadlock can arise.
 */
export function createGate(initial: number): Gate {
  let slots = expectSlots(initial);
  const line = createFifoQueue<Visit>();
  let running = 0;
  let admitting = false;

  // A loop, not a recursion: a caller that is let in may leave at once.
  const admit = () => {
    if (admitting) return;
    admitting = true;
    while (running < slots) {
      const visit = line.takeFirst();
      if (visit === undefined) break;
      visit.isInside = true;
      running += 1;
      visit.enter();
    }
    admitting = false;
  };

  return {
    get places() {
      return slots;
    },
    get running() {
      return running;
    },
    get waiting() {
      return line.size;
    },
    resize(wanted) {
      slots = expectSlots(wanted);
      admit();
    },
    enter(enter) {
      const visit: Visit = { enter, isInside: false };
      const stepOut = line.join(visit);
      admit();
      return () => {
        stepOut();
        if (!visit.isInside) return;
        visit.isInside = false;
        running -= 1;
        admit();
      };
    },
  };
}

function expectSlots(slots: number): number {
  expectOption(Number.isInteger(slots) && slots >= 1, 'slots', 'an integer of 1 or more', slots);
  return slots;
}
