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

/** A destination of outcomes. */
export interface DeliveryPlace {
  /** Key of its addresses in the outcome. */
  readonly name: string;
  /** Emits the addresses of the outcome's files there. */
  readonly deliver: (outcome: Outcome) => Observable<readonly string[]>;
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
 * A destination that fails does not stop the others. When all have ended, the first failed one's
 * error is emitted, in the order of the list.
 */
export function deliverTo(destinations: readonly DeliveryPlace[]): MonoTypeOperatorFunction<Outcome> {
  return concatMap((outcome) => {
    if (outcome.status !== 'saved' || destinations.length === 0) return of(outcome);
    return forkJoin(destinations.map((destination) => attempt(destination, outcome))).pipe(
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
