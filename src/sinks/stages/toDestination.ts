import {
  defer,
  last,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type ObservableInput,
  of,
} from 'rxjs';
import { expectAddresses } from '../../base/items/outcomeErrors.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import { type ToSinkConfig, toSink } from './toSink.ts';

/**
 * Delivers each saved outcome to a destination, and emits it with the addresses of its files there
 * (`deliveredTo`). Other outcomes pass unchanged. Opens the destination at subscription and closes
 * it at the end. Delivers `concurrency` outcomes at a time, 8 by default; others wait.
 *
 *     outcomes: s saved, f failed   (sf|)
 *     delivery of 4 ms              ----(a|)
 *     toDestination                 f---s       s.deliveredTo has a; then it closes
 *
 * An outcome that the destination does not take has failed with a `DeliveryError`; errors as
 * `toSink`.
 */
export function toDestination(
  name: string,
  open: () => ObservableInput<Destination>,
  config: ToSinkConfig = {},
): MonoTypeOperatorFunction<Outcome> {
  const opened = () =>
    defer(open).pipe(
      map((destination) => ({
        add: deliverIn(destination),
        close: async () => destination.close(),
      })),
    );
  return toSink(name, opened, config);
}

function deliverIn(destination: Destination) {
  return (outcome: Outcome): Observable<Outcome> => {
    if (outcome.status !== 'saved') return of(outcome);
    return defer(() => destination.deliver(outcome)).pipe(
      last(),
      map((addresses) => ({
        ...outcome,
        deliveredTo: { ...outcome.deliveredTo, [destination.name]: expectAddresses(addresses, outcome) },
      })),
    );
  };
}
