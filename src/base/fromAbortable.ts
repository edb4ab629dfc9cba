import { defer, fromEvent, NEVER, Observable, of } from 'rxjs';

/**
 * Turns a promise into an Observable. Runs `task` on subscribe, with a signal that is aborted on
 * unsubscribe. Emits its result and completes, or emits its error.
 *
 *     task resolves with a after 3 ms   ---(a|)
 *     unsubscribed after 1 ms           -!        the signal is aborted
 *
 * Read response bodies inside `task`, so that they are aborted too.
 */
export function fromAbortable<T>(task: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const controller = new AbortController();
    task(controller.signal).then(
      (value) => {
        subscriber.next(value);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => controller.abort();
  });
}

/**
 * Emits when a signal aborts, or at once if it has: its event comes only once. Never emits without
 * a signal.
 */
export function abortOf(signal: AbortSignal | undefined): Observable<unknown> {
  if (signal === undefined) return NEVER;
  return defer(() => (signal.aborted ? of(null) : fromEvent(signal, 'abort')));
}
