import {
  catchError,
  defer,
  forkJoin,
  last,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type ObservableInput,
  of,
} from 'rxjs';
import { flattenAll } from '../../base/items/flattenAll.ts';
import { asDeliveryError, expectAddresses, failedDelivery } from '../../base/items/outcomeErrors.ts';
import { expectNames, expectOption } from '../../base/options.ts';
import { type DeliveryError, StorageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';

/** A destination of outcomes. */
export interface DeliveryPlace {
  /** Key of its addresses in the outcome; no other destination has it. */
  readonly name: string;
  /** Emits the addresses of the outcome's files there, one for each, in their order. */
  readonly deliver: (outcome: Outcome) => ObservableInput<readonly string[]>;
}

export interface DeliverToConfig {
  /** Outcomes at a time: an integer of 1 or more, or Infinity. Default 8. */
  concurrency?: number;
  /**
   * Returns the value to emit for an outcome that a destination has refused; if it throws, the
   * stream emits that error. Default: the outcome as failed, with the `DeliveryError` and its cost.
   */
  onError?: (error: DeliveryError, outcome: Outcome) => Outcome;
}

/**
 * Delivers each saved outcome to every destination, all at the same time, and emits it with the
 * addresses. Other outcomes pass unchanged.
 *
 *     outcomes                  (o|)
 *     delivery to s3            ----(a|)
 *     delivery to webdataset    --(b|)
 *     deliverTo([…])            ----(p|)    p.deliveredTo has both
 *
 * A destination that fails does not stop the others. When all have ended, the outcome has failed
 * with the error of the first failed one, in the order of the list. Anything that a destination
 * throws, and a delivery without an address for each file, is a `DeliveryError`. Emits an error
 * only if it is no outcome's: `StorageError` if the disk refuses, once the deliveries on their way
 * have ended. Unsubscribing drops them. Throws a RangeError if a destination is none, or two have
 * the same name, `UsageError` for a name that no option has.
 */
export function deliverTo(
  destinations: readonly DeliveryPlace[],
  config: DeliverToConfig = {},
): MonoTypeOperatorFunction<Outcome> {
  const { concurrency = 8, onError = failedDelivery } = config;
  expectNames(config, ['concurrency', 'onError']);
  expectPlaces(destinations);
  expectOption(typeof onError === 'function', 'onError', 'a function', onError);
  const delivered = (outcome: Outcome): Observable<Outcome> => {
    if (outcome.status !== 'saved' || destinations.length === 0) return of(outcome);
    return forkJoin(destinations.map((destination) => attempt(destination, outcome))).pipe(
      map((deliveries) => {
        const refused = deliveries.find((delivery) => 'error' in delivery);
        if (refused !== undefined) {
          if (refused.error instanceof StorageError) throw refused.error;
          return onError(refused.error, outcome);
        }
        const addresses = Object.fromEntries(deliveries.map(entryOf));
        return { ...outcome, deliveredTo: { ...outcome.deliveredTo, ...addresses } };
      }),
    );
  };
  return flattenAll(delivered, { concurrency });
}

/** Throws unless these are destinations, each with a name of its own. */
export function expectPlaces(destinations: readonly DeliveryPlace[]): void {
  const expected = 'a list of destinations, each with a `name` and a function `deliver`';
  expectOption(
    Array.isArray(destinations) && destinations.every(isPlace),
    'destinations',
    expected,
    destinations,
  );
  const names = destinations.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  expectOption(twice === undefined, 'destinations', 'destinations of different names', names);
}

function isPlace(place: unknown): boolean {
  if (typeof place !== 'object' || place === null) return false;
  const { name, deliver } = place as Partial<DeliveryPlace>;
  return typeof name === 'string' && name !== '' && typeof deliver === 'function';
}

type Delivery =
  | { readonly name: string; readonly addresses: readonly string[] }
  | { readonly error: DeliveryError | StorageError };

function attempt({ name, deliver }: DeliveryPlace, outcome: Outcome): Observable<Delivery> {
  return defer(() => deliver(outcome)).pipe(
    last(),
    map((addresses): Delivery => ({ name, addresses: expectAddresses(addresses, outcome) })),
    catchError((error: unknown) => of<Delivery>({ error: asDeliveryError(error, name, outcome) })),
  );
}

function entryOf(delivery: Delivery): [string, readonly string[]] {
  return 'error' in delivery ? ['', []] : [delivery.name, delivery.addresses];
}
