import { concatMap, EMPTY, endWith, filter, map, merge, type Observable, take } from 'rxjs';
import type { RunControl } from '../run.ts';

/**
 * Subscribes to an attempt once the run is not paused, or `paused` has completed; completes without
 * it if the run is stopped or cancelled while it waits.
 *
 *     attempt            --(a|)
 *     paused             t---f-
 *     afterPause         ------(a|)
 */
export function afterPause<T>(
  attempt: () => Observable<T>,
  { paused, stop, cancel }: RunControl,
): Observable<T> {
  const goesOn = paused.pipe(
    endWith(false),
    filter((isPaused) => !isPaused),
    map(() => true),
  );
  const ends = merge(stop, cancel).pipe(map(() => false));
  return merge(goesOn, ends).pipe(
    take(1),
    concatMap((isOn) => (isOn ? attempt() : EMPTY)),
  );
}
