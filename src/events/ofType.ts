import { filter, type OperatorFunction } from 'rxjs';
import type { RunEvent } from '../types.ts';
import type { EventOf } from './EventOf.ts';

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
