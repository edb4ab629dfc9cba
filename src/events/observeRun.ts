import {
  defer,
  filter,
  finalize,
  Observable,
  type Observer,
  type OperatorFunction,
  Subject,
  Subscriber,
} from 'rxjs';
import { messageOf } from '../base/text.ts';
import type { EmitEvent, RunEvent } from './runEvent.ts';

/** The events of these types. */
export type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;

/** A run and its events. */
export interface ObservedRun<T> {
  /** The run. It begins on subscribe; subscribe it once. */
  readonly end: Observable<T>;
  /**
   * Events as they happen. A late subscriber misses the earlier ones, and no subscriber can affect
   * the run by leaving, by being slow or by throwing. Completes with the run, however that ends;
   * the run's error goes to `end` alone.
   */
  readonly events: Observable<RunEvent>;
}

/**
 * Splits a run into the run itself and a stream of its events.
 *
 *     const { end, events } = observeRun((emit) => runToFolder(plans, { folder, provider, emit }));
 *
 *     end       ---------(e|)    ---------#     unsubscribed: ----!
 *     events    s-p-i-i--(c|)    s-p-i-i--|                   s-p-|
 */
export function observeRun<T>(run: (emit: EmitEvent) => Observable<T>): ObservedRun<T> {
  const emitted = new Subject<RunEvent>();
  return {
    end: defer(() => run((event) => emitted.next(event))).pipe(finalize(() => emitted.complete())),
    events: guardEvents(emitted),
  };
}

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * Returns the same stream for subscribers that may throw. RxJS throws a subscriber's error again on
 * a timer, which ends the process; here it becomes one warning of the process (`guardListener`),
 * and the subscriber gets the next events all the same. This also holds for streams made of it by
 * `pipe`.
 */
function guardEvents<T>(source: Observable<T>): Observable<T> {
  return Object.assign(new Observable<T>((subscriber) => source.subscribe(subscriber)), {
    subscribe: (listener?: Listener<T>) =>
      // An error of an operator is an error of the stream that it makes, which is guarded itself.
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

/**
 * Makes a listener harmless: an error that it throws, or that its promise is rejected with, becomes
 * one warning of the process (`ListenerWarning`, with the stack of the first error) and nothing
 * else. Its promises are not awaited.
 */
export function guardListener<T>(listener: (value: T) => unknown): (value: T) => void {
  let hasFailed = false;
  const report = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    const message = messageOf(error);
    const detail = error instanceof Error ? error.stack : undefined;
    process.emitWarning(
      `A listener of a run failed; the run continues, and further failures of this listener are not reported: ${message}`,
      { type: 'ListenerWarning', ...(detail === undefined ? {} : { detail }) },
    );
  };
  return (value) => {
    try {
      const result = listener(value);
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  };
}

/**
 * Passes only events of the given types, with their fields known to TypeScript.
 *
 *     events: r rate.paused, s image.saved, f job.failed   r-s-f-s|
 *     ofType('image.saved', 'job.failed')                  --s-f-s|
 */
export function ofType<T extends RunEvent['type']>(
  ...types: readonly T[]
): OperatorFunction<RunEvent, EventOf<T>> {
  const wanted = new Set<string>(types);
  return filter((event): event is EventOf<T> => wanted.has(event.type));
}
