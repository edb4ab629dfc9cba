import {
  catchError,
  concatMap,
  forkJoin,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
} from 'rxjs';
import type { Outcome } from '../../types.ts';

/** One of the places to deliver to. */
export interface DeliveryPlace {
  /** Names the addresses in the outcome. */
  readonly name: string;
  /** Emits the addresses of the outcome's files there. */
  readonly deliver: (outcome: Outcome) => Observable<readonly string[]>;
}

/**
 * Brings each saved outcome to every place, all at the same time, and emits it with the addresses; other outcomes pass.
 *
 *     outcomes                  (o|)
 *     delivery to s3            ----(a|)
 *     delivery to webdataset    --(b|)
 *     deliverTo([…])            ----(p|)    p.deliveredTo has both
 *
 * A place that fails does not stop the others: its error is emitted when all have ended, the first place's first.
 */
export function deliverTo(places: readonly DeliveryPlace[]): MonoTypeOperatorFunction<Outcome> {
  return concatMap((outcome) => {
    if (outcome.status !== 'saved' || places.length === 0) return of(outcome);
    return forkJoin(places.map((place) => attempt(place, outcome))).pipe(
      map((deliveries) => {
        const refused = deliveries.find((delivery) => 'error' in delivery);
        if (refused !== undefined) throw refused.error;
        return { ...outcome, deliveredTo: Object.fromEntries(deliveries.map(entryOf)) };
      }),
    );
  });
}

type Delivery =
  | { readonly name: string; readonly addresses: readonly string[] }
  | { readonly error: unknown };

function attempt({ name, deliver }: DeliveryPlace, outcome: Outcome): Observable<Delivery> {
  return deliver(outcome).pipe(
    map((addresses): Delivery => ({ name, addresses })),
    catchError((error: unknown) => of<Delivery>({ error })),
  );
}

function entryOf(delivery: Delivery): [string, readonly string[]] {
  return 'error' in delivery ? ['', []] : [delivery.name, delivery.addresses];
}
