import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs';

/** The event for each thing that can pass; null for none. */
export interface TapEventsConfig<T, E> {
  subscribe?: () => E | null;
  next?: (value: T) => E | null;
  error?: (error: unknown) => E | null;
  complete?: () => E | null;
}

/**
 * Tells what passes, as events, and leaves the stream as it is.
 *
 *     source                        a-b|
 *     tapEvents(emit, {next})       a-b|
 *     emit is called with           A-B
 *
 * What `emit` or a callback throws becomes the stream's error.
 */
export function tapEvents<T, E>(
  emit: (event: E) => void,
  events: TapEventsConfig<T, E>,
): MonoTypeOperatorFunction<T> {
  const tell = (event: E | null | undefined) => {
    if (event != null) emit(event);
  };
  return (source) =>
    defer(() => {
      tell(events.subscribe?.());
      return source;
    }).pipe(
      tap({
        next: (value) => tell(events.next?.(value)),
        error: (error: unknown) => tell(events.error?.(error)),
        complete: () => tell(events.complete?.()),
      }),
    );
}
