import { type Observable, share, tap } from 'rxjs';

/** Throws a RangeError that names the option, what was expected and what came, unless `isRight`. */
export function expectOption(isRight: boolean, name: string, expected: string, got: unknown): void {
  if (!isRight) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(got)}`);
}

/** The longest wait a timer can take, nearly 25 days; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** A wish to stop, as all stages of one operator see it. */
interface SharedStop {
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
