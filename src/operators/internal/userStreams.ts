import { defer, from, Observable, type ObservableInput } from 'rxjs';
import { shown } from '../../base/text.ts';

/**
 * Subscribes to the result of a function of the user. `wrong` makes the error if it is no stream.
 */
export function streamOf<T>(make: () => ObservableInput<T>, wrong: (got: string) => unknown): Observable<T> {
  return defer(() => {
    const given = make();
    try {
      return from(given);
    } catch {
      throw wrong(`${shown(given)}, which is no Observable and no promise`);
    }
  });
}

/**
 * Emits the first value of the result of a user's function, and completes with it, or a moment
 * later: anything behind the value, an error or no end, changes nothing. `wrong` makes the error if
 * there is no value, or another one than `isRight` takes.
 *
 *     source              p-q|   p#   p---   -|
 *     oneValueOf          (p|)   (p|) (p|)   -#
 */
export function oneValueOf<T>(
  make: () => ObservableInput<T>,
  isRight: (value: unknown) => boolean,
  wrong: (got: string) => unknown,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    let hasValue = false;
    const end = () => subscriber.complete();
    return streamOf(make, wrong).subscribe({
      next: (value) => {
        if (hasValue) return end();
        hasValue = true;
        if (!isRight(value)) return subscriber.error(wrong(shown(value)));
        subscriber.next(value);
        queueMicrotask(end);
      },
      error: (error: unknown) => (hasValue ? end() : subscriber.error(error)),
      complete: () => (hasValue ? end() : subscriber.error(wrong('nothing'))),
    });
  });
}
