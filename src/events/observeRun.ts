import { defer, finalize, type Observable, Subject } from 'rxjs';
import type { EmitEvent } from '../ports.ts';
import type { RunEvent } from '../types.ts';
import { guardEvents } from './guardEvents.ts';

/** A run, and what happens during it. */
export interface ObservedRun<T> {
  /** The run. Begins on subscribe; subscribe it once. */
  readonly end: Observable<T>;
  /**
   * What happens, as it happens: who comes late misses what was before, and nobody's coming, going, slowness or throwing
   * changes anything for the run. Completes with the run, however that ends; the run's error is `end`'s alone.
   */
  readonly events: Observable<RunEvent>;
}

/**
 * Gives the events of a run as a stream beside the run itself.
 *
 *     const { end, events } = observeRun((emit) => runToFolder(plans, 4, { folder, provider, emit }));
 *
 *     end       ---------(e|)    ---------#     unsubscribed: ----!
 *     events    s-p-i-i--(c|)    s-p-i-i--|                   s-p-|
 */
export function observeRun<T>(run: (emit: EmitEvent) => Observable<T>): ObservedRun<T> {
  const told = new Subject<RunEvent>();
  return {
    end: defer(() => run((event) => told.next(event))).pipe(finalize(() => told.complete())),
    events: guardEvents(told),
  };
}
