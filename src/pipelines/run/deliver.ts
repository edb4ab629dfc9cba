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
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import type { GatedDestination, RunClock, RunOutputs } from '../journey/run.ts';
import type { OpenRun } from './settings.ts';

/**
 * Brings what earlier runs have saved in the folder to the destinations that they did not have, and emits each outcome when
 * that is written down. Emits `DeliveryError` at the first that is refused.
 */
export function deliverEarlier({ config, manifest }: OpenRun): Observable<Outcome> {
  const {
    destinations = [],
    afterSaved = () => EMPTY,
    scheduler = asyncScheduler,
    random = Math.random,
  } = config;
  if (destinations.length === 0) return EMPTY;
  const names = destinations.map(({ name }) => name);
  const concurrency = Math.max(...destinations.map((destination) => destination.concurrency));
  const deliverToAll = deliver({ destinations: gated(destinations), scheduler, random });
  return pullMap(
    undelivered(manifest.outcomes(), names),
    (outcome) =>
      of(outcome).pipe(
        deliverToAll,
        concatMap((there) =>
          manifest.append({ ...there, deliveredTo: { ...outcome.deliveredTo, ...there.deliveredTo } }),
        ),
        concatMap((kept) => concat(afterSaved(kept).pipe(ignoreElements()), of(kept))),
      ),
    { concurrency },
  );
}

/** Puts each destination behind its own gate, so that a slow one holds back only itself. */
export function gated(destinations: readonly Destination[]): GatedDestination[] {
  return destinations.map((destination) => ({ destination, slots: createGate(destination.concurrency) }));
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
export function deliver({
  destinations,
  scheduler,
  random,
}: Pick<RunOutputs, 'destinations'> &
  Pick<RunClock, 'scheduler' | 'random'>): MonoTypeOperatorFunction<Outcome> {
  return deliverTo(
    destinations.map(({ destination, slots }) => ({
      name: destination.name,
      deliver: (outcome) =>
        destination
          .deliver(outcome)
          .pipe(gate(slots), retryBackoff({ ...retryPolicies.deliver, scheduler, random })),
    })),
  );
}
