import { type Observable, share, tap } from 'rxjs';

/** A wish to stop, as all stages of one operator see it. */
export interface SharedStop {
  /** Subscribe it for as long as the operator works: later subscribers then share that subscription. */
  readonly stop: Observable<unknown>;
  /** Whether it has emitted: stages that begin later missed it. */
  readonly isStopped: boolean;
}

/** Lets several stages, some of which begin later, heed one `stop`, be it hot or cold. */
export function shareStop(stop: Observable<unknown>): SharedStop {
  let isStopped = false;
  const note = tap(() => {
    isStopped = true;
  });
  return {
    stop: stop.pipe(note, share()),
    get isStopped() {
      return isStopped;
    },
  };
}
