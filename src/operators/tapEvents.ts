import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';

/** Functions that return the event for a notification of the source; null for none. */
export interface TapEventsConfig<T, E> {
  subscribe?: () => E | null;
  next?: (value: T) => E | null;
  error?: (error: unknown) => E | null;
  complete?: () => E | null;
}

/**
 * Reports the notifications of a stream as events, and leaves the stream unchanged.
 *
 *     source                        a-b|
 *     tapEvents(emit, {next})       a-b|
 *     emit is called with           A-B
 *
 * If `emit` or one of the functions throws, the stream emits that error.
 */
export function tapEvents<T, E>(
  emit: (event: E) => void,
  events: TapEventsConfig<T, E>,
): MonoTypeOperatorFunction<T> {
  const report = (event: E | null | undefined) => {
    if (event != null) emit(event);
  };
  return (source) =>
    defer(() => {
      report(events.subscribe?.());
      return source;
    }).pipe(
      tap({
        next: (value) => report(events.next?.(value)),
        error: (error: unknown) => report(events.error?.(error)),
        complete: () => report(events.complete?.()),
      }),
    );
}
