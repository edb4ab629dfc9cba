import type { MonoTypeOperatorFunction } from 'rxjs';
import { DeliveryError } from '../errors.ts';
import { deliverTo } from '../operators/deliverTo.ts';
import { gate } from '../operators/gate.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { Outcome } from '../types.ts';
import type { Run } from './createRun.ts';

/** Brings what was saved to the run's further destinations, each behind its own gate; tries again what may pass by itself. */
export function delivered({
  destinations,
  scheduler,
  random,
}: Pick<Run, 'destinations' | 'scheduler' | 'random'>): MonoTypeOperatorFunction<Outcome> {
  return deliverTo(
    destinations.map(({ destination, places }) => ({
      name: destination.name,
      deliver: (outcome) =>
        destination.deliver(outcome).pipe(
          gate(places),
          retryBackoff({
            retries: 2,
            delayMs: 1_000,
            shouldRetry: (error) => error instanceof DeliveryError && error.recoverable,
            scheduler,
            random,
          }),
        ),
    })),
  );
}
