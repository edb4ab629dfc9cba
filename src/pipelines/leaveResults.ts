import { catchError, concat, concatMap, from, type Observable, of, tap, throwError } from 'rxjs';
import { finishRun } from './finishRun.ts';
import type { OpenRun } from './openRun.ts';
import type { FinishedRun, RunEnd } from './runToFolder.ts';
import { showPictures } from './showPictures.ts';

/** Leaves manifest, report and pictures to look at, and tells how it ended, whether or not the disk took them. */
export function leaveResults(end: RunEnd, run: OpenRun): Observable<FinishedRun> {
  const tell = () =>
    run.config.emit?.({ type: 'run.completed', totals: end.totals, elapsedMs: end.elapsedMs });
  return from(finishRun(end, run)).pipe(
    concatMap((report) => concat(showPictures(report, run), of({ ...end, report }))),
    catchError((error: unknown) => throwError(() => end.fault ?? error)),
    tap({ next: tell, error: tell }),
  );
}
