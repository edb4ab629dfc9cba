import {
  asyncScheduler,
  concat,
  concatMap,
  EMPTY,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
} from 'rxjs';
import { createGate, gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { deliverTo } from '../../operators/stages/deliverTo.ts';
import type { Outcome } from '../../types.ts';
import type { Run } from '../journey/run.ts';
import type { OpenRun } from './settings.ts';

/**
 * Brings what earlier runs have saved in the folder to the destinations that they did not have, and emits each outcome when
 * that is written down. Emits `DeliveryError` at the first that is refused.
 */
export function deliverEarlier({ config, manifest }: OpenRun): Observable<Outcome> {
  const {
    destinations = [],
    release = () => EMPTY,
    scheduler = asyncScheduler,
    random = Math.random,
  } = config;
  if (destinations.length === 0) return EMPTY;
  const names = destinations.map(({ name }) => name);
  const places = destinations.map((destination) => ({
    destination,
    places: createGate(destination.concurrency),
  }));
  const concurrency = Math.max(...destinations.map((destination) => destination.concurrency));
  const deliver = delivered({ destinations: places, scheduler, random });
  return pullMap(
    undelivered(manifest.outcomes(), names),
    (outcome) =>
      of(outcome).pipe(
        deliver,
        concatMap((there) =>
          manifest.append({ ...there, deliveredTo: { ...outcome.deliveredTo, ...there.deliveredTo } }),
        ),
        concatMap((kept) => concat(release(kept).pipe(ignoreElements()), of(kept))),
      ),
    { concurrency },
  );
}

async function* undelivered(
  outcomes: AsyncIterable<Outcome>,
  names: readonly string[],
): AsyncGenerator<Outcome> {
  for await (const outcome of outcomes) {
    const { status, deliveredTo = {} } = outcome;
    if (status === 'saved' && names.some((name) => !Object.hasOwn(deliveredTo, name))) yield outcome;
  }
}

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
        destination
          .deliver(outcome)
          .pipe(gate(places), retryBackoff({ ...retryPolicies.deliver, scheduler, random })),
    })),
  );
}
