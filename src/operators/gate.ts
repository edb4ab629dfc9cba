import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { createFifoQueue } from './internal/fifoQueue.ts';
import { expectOption } from './internal/options.ts';

/**
 * Subscribes to its source when the gate has a free place, and gives the place back when the source completes, fails or
 * is unsubscribed. Who waits is let in first come, first served.
 *
 *     two sources, one place     --(a|)
 *     first                      --(a|)
 *     second                     ----(a|)
 */
export function gate<T>(through: Gate): MonoTypeOperatorFunction<T> {
  // The way out is the subscriber's own teardown, so a source that ends at once gives its place back too; and nothing more
  // is held for who waits: there may be a million.
  return (source) => new Observable<T>((subscriber) => through.enter(() => source.subscribe(subscriber)));
}

/** A bounded number of places, given in the order of asking. */
export interface Gate {
  readonly places: number;
  /** Places taken. */
  readonly running: number;
  /** Callers in line. */
  readonly waiting: number;
  /**
   * Calls `enter` when a place is free, at once if one is. The function it returns leaves: it gives the place back, or
   * steps out of the line. Calling it again does nothing.
   */
  enter(enter: () => void): () => void;
  /** Changes the number of places. Who is inside stays, so with fewer places nobody comes in until enough have left. */
  resize(places: number): void;
}

interface Visit {
  readonly enter: () => void;
  isInside: boolean;
}

/**
 * Makes a gate with this many places: an integer of 1 or more. Shared by all journeys of a run, it bounds one stage of
 * theirs. Take gates in the order of the stages and never two at once, and no deadlock can arise.
 */
export function createGate(initialPlaces: number): Gate {
  let places = expectPlaces(initialPlaces);
  const line = createFifoQueue<Visit>();
  let running = 0;
  let admitting = false;

  // A loop, not a recursion: who is let in may leave at once.
  const admit = () => {
    if (admitting) return;
    admitting = true;
    while (running < places) {
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
      return places;
    },
    get running() {
      return running;
    },
    get waiting() {
      return line.size;
    },
    resize(wanted) {
      places = expectPlaces(wanted);
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

function expectPlaces(places: number): number {
  expectOption(Number.isInteger(places) && places >= 1, 'places', 'an integer of 1 or more', places);
  return places;
}
