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
    let isSettled = false;
    task(controller.signal).then(
      (value) => {
        isSettled = true;
        subscriber.next(value);
        subscriber.complete();
      },
      (error: unknown) => {
        isSettled = true;
        subscriber.error(error);
      },
    );
    // An abort makes an error with its stack, which would take 0.2 ms of each image.
    return () => {
      if (!isSettled) controller.abort();
    };
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
