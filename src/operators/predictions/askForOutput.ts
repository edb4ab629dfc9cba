import {
  catchError,
  concatMap,
  from,
  last,
  type MonoTypeOperatorFunction,
  map,
  of,
  type SchedulerLike,
  takeWhile,
  timer,
} from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { isSilent } from './pollSchedule.ts';

/** Waits before the requests: an output may reach some of the service's machines seconds later. */
const WAITS_MS = [0, 1_000, 2_000, 4_000];

/**
 * Asks for each prediction by its id if it has succeeded without an output: a list or a webhook may
 * have left that out. Passes it on as it was if the service does not respond, or shows no output
 * within seven seconds.
 *
 *     predictions, o with output     (o|)                   askForOutput   (o|)
 *     s, has its output in 2 s       (s|)                   askForOutput   3s (o|)
 *     s, has none                    (s|)                   askForOutput   7s (s|)
 */
export function askForOutput({
  provider,
  scheduler,
  random,
}: {
  readonly provider: Provider;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}): MonoTypeOperatorFunction<Prediction> {
  const ask = (id: string) =>
    provider.getPrediction(id).pipe(retryBackoff({ ...retryPolicies.ask, scheduler, random }));
  return concatMap((prediction) => {
    if (!isSilent(prediction)) return of(prediction);
    return from(WAITS_MS).pipe(
      concatMap((waitMs) => (waitMs === 0 ? of(0) : timer(waitMs, scheduler))),
      concatMap(() => ask(prediction.id)),
      takeWhile((shown) => !shown.outputComplete || isSilent(shown), true),
      last(),
      map((shown) => (shown.outputComplete ? shown : prediction)),
      catchError(() => of(prediction)),
    );
  });
}
