import { Observable, type Observer, Subscriber } from 'rxjs';
import { guardListener } from './guardListener.ts';

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * The same stream for subscribers that may throw. What a subscriber throws RxJS throws again on a timer, where it ends the
 * process; here it becomes one warning of the process (`guardListener`), and the subscriber goes on being told. This also
 * holds for what becomes of the stream by `pipe`.
 */
export function guardEvents<T>(source: Observable<T>): Observable<T> {
  return Object.assign(new Observable<T>((subscriber) => source.subscribe(subscriber)), {
    subscribe: (listener?: Listener<T>) =>
      // What an operator throws is an error of the stream that it makes, which is guarded itself.
      source.subscribe(listener instanceof Subscriber ? listener : guarded(listener ?? {})),
    pipe: (...operators: readonly unknown[]) => guardEvents(Reflect.apply(source.pipe, source, operators)),
  });
}

function guarded<T>(listener: Partial<Observer<T>> | ((value: T) => void)): Observer<T> {
  const observer: Partial<Observer<T>> = typeof listener === 'function' ? { next: listener } : listener;
  const rethrow = (error: unknown): never => {
    throw error;
  };
  return {
    next: guardListener((value: T) => observer.next?.(value)),
    error: guardListener((error: unknown) =>
      observer.error === undefined ? rethrow(error) : observer.error(error),
    ),
    complete: guardListener<void>(() => observer.complete?.()),
  };
}
