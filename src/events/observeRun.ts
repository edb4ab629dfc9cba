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

/** A run, and what happens during it. */
export interface ObservedRun<T> {
  /** The run. Begins on subscribe; subscribe it once. */
  readonly end: Observable<T>;
  /**
   * What happens, as it happens: who comes late misses what was before, and nobody's coming, going, slowness or throwing
   * changes anything for the run. Completes with the run, however that ends; the run's error is `end`'s alone.
   */
  readonly events: Observable<RunEvent>;
}

/**
 * Gives the events of a run as a stream beside the run itself.
 *
 *     const { end, events } = observeRun((emit) => runToFolder(plans, 4, { folder, provider, emit }));
 *
 *     end       ---------(e|)    ---------#     unsubscribed: ----!
 *     events    s-p-i-i--(c|)    s-p-i-i--|                   s-p-|
 */
export function observeRun<T>(run: (emit: EmitEvent) => Observable<T>): ObservedRun<T> {
  const told = new Subject<RunEvent>();
  return {
    end: defer(() => run((event) => told.next(event))).pipe(finalize(() => told.complete())),
    events: guardEvents(told),
  };
}

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * The same stream for subscribers that may throw. What a subscriber throws RxJS throws again on a timer, where it ends the
 * process; here it becomes one warning of the process (`guardListener`), and the subscriber goes on being told. This also
 * holds for what becomes of the stream by `pipe`.
 */
function guardEvents<T>(source: Observable<T>): Observable<T> {
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

/**
 * Makes a listener harmless: what it throws, or what a promise of it is rejected with, goes nowhere but into one warning of
 * the process (`ListenerWarning`, with the stack of the first error). Nobody waits for a promise of it.
 */
export function guardListener<T>(listener: (value: T) => unknown): (value: T) => void {
  let hasFailed = false;
  const report = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    const message = messageOf(error);
    const detail = error instanceof Error ? error.stack : undefined;
    process.emitWarning(
      `A listener to a run failed; the run goes on, and further failures of it are not told: ${message}`,
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
 * Lets through the events of the given types, and knows their fields.
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
