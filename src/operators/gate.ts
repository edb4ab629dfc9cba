import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { createFifoQueue } from '../base/items/fifoQueue.ts';
import { expectCount, expectMethods } from './internal/options.ts';

export interface GateConfig {
  /**
   * True to wait as long as others are in line, those that came later too, unless they are patient
   * as well: for slow work that must not hold up quick work. Default false.
   */
  isPatient?: boolean;
}

/**
 * Subscribes to its source when the gate has a free slot, and frees the slot when the source
 * completes, fails or is unsubscribed. Sources enter in the order in which they came.
 *
 *     three sources, one slot    --(a|)
 *     first                      --(a|)
 *     second, patient            ------(a|)
 *     third                      ----(a|)
 *
 * Unsubscribing while it waits steps out of the line.
 */
export function gate<T>(through: Gate, config: GateConfig = {}): MonoTypeOperatorFunction<T> {
  expectMethods(through, 'through', 'a gate, as createGate makes', 'enter');
  // The subscriber's own teardown leaves the gate, so a source that ends at once frees its slot
  // too. Nothing more is held for a waiting source: there may be a million.
  return (source) =>
    new Observable<T>((subscriber) =>
      through.enter(
        () => source.subscribe(subscriber),
        (error) => subscriber.error(error),
        config,
      ),
    );
}

/** A bounded number of slots, given out in the order of the calls. */
export interface Gate {
  /** Slots in all: callers inside at the same time. */
  readonly concurrency: number;
  /** Slots in use. */
  readonly running: number;
  /** Callers in line. */
  readonly waiting: number;
  /**
   * Calls `enter` when a slot is free, at once if one is. Returns a function that leaves: it frees
   * the slot, or steps out of the line. Calling it again does nothing. If `enter` throws, its slot
   * is free again, and `onError` gets the error. Default: throws it out of the call that let it in.
   */
  enter(enter: () => void, onError?: (error: unknown) => void, config?: GateConfig): () => void;
  /**
   * Changes the number of slots. Callers inside stay: with fewer slots the next one enters only
   * after enough have left.
   */
  resize(concurrency: number): void;
}

interface Visit {
  readonly enter: () => void;
  readonly onError: (error: unknown) => void;
  isInside: boolean;
}

/**
 * Creates a gate with this many slots: an integer of 1 or more. Share it between all jobs of a run
 * to bound one of their stages. Take gates in the order of the stages and never two at once, and no
 * deadlock can arise.
 */
export function createGate(concurrency: number): Gate {
  expectCount(concurrency, 'concurrency', 1);
  let slots = concurrency;
  const line = createFifoQueue<Visit>();
  const patient = createFifoQueue<Visit>();
  let running = 0;
  let admitting = false;

  const leave = (visit: Visit) => {
    if (!visit.isInside) return;
    visit.isInside = false;
    running -= 1;
    admit();
  };
  const letIn = (visit: Visit) => {
    visit.isInside = true;
    running += 1;
    try {
      visit.enter();
    } catch (error) {
      leave(visit);
      visit.onError(error);
    }
  };
  // A loop, not a recursion: a caller that is let in may leave at once.
  const admit = () => {
    if (admitting) return;
    admitting = true;
    try {
      while (running < slots) {
        const visit = line.takeFirst() ?? patient.takeFirst();
        if (visit === undefined) break;
        letIn(visit);
      }
    } finally {
      admitting = false;
    }
  };

  return {
    get concurrency() {
      return slots;
    },
    get running() {
      return running;
    },
    get waiting() {
      return line.size + patient.size;
    },
    resize(wanted) {
      expectCount(wanted, 'concurrency', 1);
      slots = wanted;
      admit();
    },
    enter(enter, onError = rethrow, { isPatient = false } = {}) {
      const visit: Visit = { enter, onError, isInside: false };
      const stepOut = (isPatient ? patient : line).join(visit);
      admit();
      return () => {
        stepOut();
        leave(visit);
      };
    },
  };
}

function rethrow(error: unknown): never {
  throw error;
}
