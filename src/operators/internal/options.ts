import { type Observable, share, tap } from 'rxjs';

/**
 * Throws a RangeError that names the option, the expected value and the received one, unless
 * `isRight`.
 */
export function expectOption(isRight: boolean, name: string, expected: string, got: unknown): void {
  if (!isRight) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(got)}`);
}

/** The longest wait that a timer can take, nearly 25 days; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** A stop signal, shared by all stages of one operator. */
interface SharedStop {
  /**
   * Emits when the operator is to stop. Subscribe it for as long as the operator works: later
   * subscribers then share that subscription.
   */
  readonly stop: Observable<unknown>;
  /** True once `stop` has emitted: stages that begin later missed it. */
  readonly isStopped: boolean;
}

/** Shares one `stop`, hot or cold, between several stages, some of which begin later. */
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
