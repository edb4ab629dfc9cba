import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  forkJoin,
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { expectOption } from '../../base/options.ts';
import { DeliveryError } from '../../errors.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { expectFunction } from '../../operators/internal/options.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { pullMap } from '../../operators/pullMap.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import { deliverTo, expectPlaces } from '../../operators/stages/deliverTo.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import type { GatedDestination, RunClock, RunOutputs } from '../journey/run.ts';
import { isAway } from './earlier/additions.ts';
import type { OpenRun } from './settings.ts';

/** The parts of an open run that delivering its saved images reads. */
type Delivering = Pick<OpenRun, 'config' | 'manifest' | 'wasSaved'>;

/**
 * Delivers images that earlier runs have saved to the destinations that do not have them yet, and
 * emits each outcome once that is recorded. A stop begins no further job. Emits `DeliveryError` at
 * the first refusal.
 */
export function deliverEarlier(run: Delivering): Observable<Outcome> {
  const { destinations = [], persist = () => EMPTY, afterSaved = () => EMPTY, stop, emit } = run.config;
  const { scheduler = monotonicScheduler, random = Math.random } = run.config;
  if (destinations.length === 0) return EMPTY;
  const gated = gateDestinations(destinations);
  const lacking = new Set<string>();
  let gone = 0;
  const onGone = (names: readonly string[]) => {
    gone += 1;
    for (const name of names) lacking.add(name);
  };
  const report = defer(() => {
    if (gone > 0) emit?.({ type: 'warning', message: undeliverable(gone, [...lacking]) });
    return EMPTY;
  });
  const concurrency = Math.max(...destinations.map((destination) => destination.concurrency));
  const delivered = pullMap(
    undelivered(run, gated, onGone),
    (job) =>
      deliverToEach(job, { scheduler, random }).pipe(
        concatMap(({ outcome, refusal }) =>
          concat(
            // Jobs that the other destinations have taken are not delivered there again.
            outcome === job.outcome ? EMPTY : defer(() => persist(outcome)).pipe(ignoreElements()),
            refusal === null ? EMPTY : throwError(() => refusal),
            defer(() => afterSaved(outcome)).pipe(ignoreElements()),
            of(outcome),
          ),
        ),
      ),
    { concurrency, ...(stop && { stop }) },
  );
  return concat(delivered, report);
}

/** A job after its deliveries. */
interface Delivered {
  /** With the addresses at those destinations that have taken it. */
  readonly outcome: Outcome;
  /** The error of the first destination that has not; null if all have. */
  readonly refusal: DeliveryError | null;
}

function deliverToEach(
  { outcome, lacks }: Undelivered,
  clock: Pick<RunClock, 'scheduler' | 'random'>,
): Observable<Delivered> {
  const each = lacks.map((destination) =>
    of(outcome).pipe(
      deliver({ destinations: [destination], ...clock }),
      map((delivered): Delivered => ({ outcome: delivered, refusal: null })),
      catchError((error: unknown) => {
        if (error instanceof DeliveryError) return of<Delivered>({ outcome, refusal: error });
        return throwError(() => error);
      }),
    ),
  );
  return forkJoin(each).pipe(
    map((all) => {
      const refusal = all.find((one) => one.refusal !== null)?.refusal ?? null;
      if (all.every((one) => one.refusal !== null)) return { outcome, refusal };
      const deliveredTo = Object.assign({}, ...all.map((one) => one.outcome.deliveredTo));
      return { outcome: { ...outcome, deliveredTo }, refusal };
    }),
  );
}

function undeliverable(jobs: number, names: readonly string[]): string {
  const what = jobs === 1 ? '1 saved job is' : `${jobs} saved jobs are`;
  return `${what} not delivered to ${names.join(', ')}: the images are no longer in the folder. The manifest names the destinations that have them.`;
}

/** Puts each destination behind its own gate, so that a slow one holds back only itself. */
export function gateDestinations(destinations: readonly Destination[]): GatedDestination[] {
  expectPlaces(destinations);
  for (const destination of destinations) expectDestination(destination);
  return destinations.map((destination) => ({ destination, slots: createGate(destination.concurrency) }));
}

/** Throws unless this is a whole destination; names the one that is not. */
export function expectDestination(destination: Destination): void {
  expectPlaces([destination]);
  const { name, concurrency, close } = destination;
  const isCount = Number.isInteger(concurrency) && concurrency >= 1;
  expectOption(isCount, `concurrency of ${name}`, 'an integer of 1 or more', concurrency);
  expectFunction(close, `close of ${name}`);
}

/** A saved job, and the destinations that do not have its images. */
interface Undelivered {
  readonly outcome: Outcome;
  readonly lacks: readonly GatedDestination[];
}

/**
 * Yields the saved jobs that a destination lacks. Calls `onGone`, with the names of those
 * destinations, for each job whose images are no longer in the folder.
 */
async function* undelivered(
  { config: { folder }, manifest, wasSaved }: Delivering,
  destinations: readonly GatedDestination[],
  onGone: (names: readonly string[]) => void,
): AsyncGenerator<Undelivered> {
  for await (const outcome of manifest.outcomes()) {
    const { status, index, deliveredTo = {} } = outcome;
    // A job whose images are to be fetched again is delivered then.
    if (status !== 'saved' || !wasSaved(index)) continue;
    const lacks = destinations.filter(({ destination }) => !Object.hasOwn(deliveredTo, destination.name));
    if (lacks.length === 0) continue;
    if (isAway(outcome, folder)) onGone(lacks.map(({ destination }) => destination.name));
    else yield { outcome, lacks };
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
