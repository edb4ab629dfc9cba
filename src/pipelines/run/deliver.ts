import {
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { DeliveryError } from '../../errors.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { deliverTo, expectPlaces } from '../../operators/stages/deliverTo.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import type { GatedDestination, RunClock, RunOutputs } from '../journey/run.ts';
import { isAway } from './earlier/additions.ts';
import type { OpenRun } from './settings.ts';

/**
 * Delivers images that earlier runs have saved to the destinations that do not have them yet, and
 * emits each outcome once that is recorded. Emits `DeliveryError` at the first refusal.
 */
export function deliverEarlier({
  config,
  manifest,
}: Pick<OpenRun, 'config' | 'manifest'>): Observable<Outcome> {
  const {
    destinations = [],
    afterSaved = () => EMPTY,
    scheduler = monotonicScheduler,
    random = Math.random,
  } = config;
  if (destinations.length === 0) return EMPTY;
  const { folder, emit } = config;
  const names = destinations.map(({ name }) => name);
  let gone = 0;
  const onGone = () => {
    gone += 1;
  };
  const report = defer(() => {
    if (gone > 0) emit?.({ type: 'warning', message: undeliverable(gone, names) });
    return EMPTY;
  });
  const concurrency = Math.max(...destinations.map((destination) => destination.concurrency));
  const deliverToAll = deliver({ destinations: gateDestinations(destinations), scheduler, random });
  const delivered = pullMap(
    undelivered(manifest.outcomes(), { names, folder, onGone }),
    (outcome) =>
      of(outcome).pipe(
        deliverToAll,
        concatMap((delivered) =>
          manifest.append({
            ...delivered,
            deliveredTo: { ...outcome.deliveredTo, ...delivered.deliveredTo },
          }),
        ),
        concatMap((saved) => concat(afterSaved(saved).pipe(ignoreElements()), of(saved))),
      ),
    { concurrency },
  );
  return concat(delivered, report);
}

function undeliverable(jobs: number, names: readonly string[]): string {
  const what = jobs === 1 ? '1 saved job is' : `${jobs} saved jobs are`;
  return `${what} not delivered to ${names.join(', ')}: the images are no longer in the folder. The manifest names the destinations that have them.`;
}

/** Puts each destination behind its own gate, so that a slow one holds back only itself. */
export function gateDestinations(destinations: readonly Destination[]): GatedDestination[] {
  expectPlaces(destinations);
  return destinations.map((destination) => ({ destination, slots: createGate(destination.concurrency) }));
}

interface UndeliveredConfig {
  readonly names: readonly string[];
  readonly folder: string;
  /** Called for each job whose images are no longer in the folder. */
  readonly onGone: () => void;
}

async function* undelivered(
  outcomes: AsyncIterable<Outcome>,
  { names, folder, onGone }: UndeliveredConfig,
): AsyncGenerator<Outcome> {
  for await (const outcome of outcomes) {
    const { status, deliveredTo = {} } = outcome;
    if (status !== 'saved' || names.every((name) => Object.hasOwn(deliveredTo, name))) continue;
    if (isAway(outcome, folder)) onGone();
    else yield outcome;
  }
}

/**
 * Delivers saved images to the run's further destinations, each behind its own gate; retries
 * failures that may pass by themselves.
 */
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
        defer(() => destination.deliver(outcome)).pipe(
          gate(slots),
          retryBackoff({ ...retryPolicies.deliver, scheduler, random }),
        ),
    })),
    { onError: throwIt },
  );
}

/** The journey makes the outcome of a job that was not delivered. */
function throwIt(error: DeliveryError): never {
  throw error;
}
