import { catchError, concatMap, defer, finalize, map, type Observable, throwError } from 'rxjs';
import { fromAbortable } from '../fromAbortable.ts';
import { type OpenRun, openRun, type RunSettings } from './openRun.ts';

/**
 * Opens a run folder for some work that emits once, and closes it again: whoever sees the end finds the folder free. Emits
 * `UsageError` or `StorageError` where the folder cannot be used.
 */
export function inOpenRun<T>(settings: RunSettings, work: (run: OpenRun) => Observable<T>): Observable<T> {
  return fromAbortable(() => openRun(settings)).pipe(
    concatMap((run) => {
      // Closing is a stage, so that whoever sees the end finds the folder free; the teardown is for who leaves before.
      const closed = defer(() => run.close());
      return defer(() => work(run)).pipe(
        concatMap((end) => closed.pipe(map(() => end))),
        catchError((error: unknown) => closed.pipe(concatMap(() => throwError(() => error)))),
        // Whoever left before the end is not there to be told.
        finalize(() => void run.close().catch(() => {})),
      );
    }),
  );
}
