import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  last,
  type MonoTypeOperatorFunction,
  map,
  Observable,
  type ObservableInput,
  of,
  throwError,
} from 'rxjs';
import { expectConcurrency, flattenAll } from '../../base/items/flattenAll.ts';
import { asDeliveryError, failedDelivery } from '../../base/items/outcomeErrors.ts';
import { shown } from '../../base/text.ts';
import { StorageError, UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';

/** The functions of an open sink: a database of your own, for example. */
export interface Sink {
  /** Takes an outcome; emits it, with additions of its own, once the outcome is safe. */
  readonly add: (outcome: Outcome) => ObservableInput<Outcome>;
  /** Called once after the last outcome, also if the source has failed. Default: no-op. */
  readonly finish?: () => ObservableInput<unknown>;
  /** Called once, at the end or when it is unsubscribed. Default: no-op. */
  readonly close?: () => Promise<void>;
}

export interface ToSinkConfig {
  /** Outcomes at a time: an integer of 1 or more, or Infinity. Default 8. */
  concurrency?: number;
}

/**
 * Passes outcomes through a sink, which is opened at subscription, before anything of the source
 * begins, and finished and closed at the end.
 *
 *     open, 2 ms       --(o|)
 *     outcomes           -a-b|
 *     add, 3 ms each      ---(a|)
 *                           ---(b|)
 *     finish, 1 ms                -|
 *     toSink           ------a-b|
 *
 * If `add` throws anything, or emits no outcome, gives that outcome as failed, with a
 * `DeliveryError` and the cost that was paid; the others continue. Emits an error only if it is no
 * outcome's: `open` or `finish` has failed, or the disk refuses (`StorageError`). The outcomes on
 * their way are added first, as after an error of the source. A value that is no outcome is an
 * error too: `toOutcome` must come before a sink. Unsubscribing closes the sink without finishing
 * it.
 */
export function toSink(
  name: string,
  open: () => ObservableInput<Sink>,
  config: ToSinkConfig = {},
): MonoTypeOperatorFunction<Outcome> {
  const { concurrency = 8 } = config;
  expectConcurrency(concurrency);
  if (typeof open !== 'function')
    throw new RangeError(`Expected \`open\` of the sink ${name} to be a function, got ${shown(open)}`);
  return (source) =>
    openedBy(open).pipe(
      concatMap((sink) => {
        const close = onlyOnce(async () => sink.close?.());
        const closed = sink.close === undefined ? EMPTY : defer(close).pipe(ignoreElements());
        const finished = onlyWhenFirst(() => sink.finish?.() ?? EMPTY);
        const outcomes = source.pipe(flattenAll((outcome) => added(outcome, sink, name), { concurrency }));
        // The first error is the one to report.
        const afterError = concat(finished, closed).pipe(
          catchError(() => closed.pipe(catchError(() => EMPTY))),
        );
        return concat(outcomes, finished, closed).pipe(
          catchError((error: unknown) =>
            concat(
              afterError,
              throwError(() => error),
            ),
          ),
          finalize(() => void close().catch(() => {})),
        );
      }),
    );
}

/** Emits an open sink; one that opens after the unsubscribe is closed again. */
function openedBy(open: () => ObservableInput<Sink>): Observable<Sink> {
  return new Observable((subscriber) => {
    defer(open).subscribe({
      next: (sink) => {
        // No subscriber is left to receive an error.
        if (subscriber.closed) void (async () => sink.close?.())().catch(() => {});
        subscriber.next(sink);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}

/** Waits for a task at its first subscription; completes at once at further ones. */
function onlyWhenFirst(task: () => ObservableInput<unknown>): Observable<never> {
  let isFirst = true;
  return defer(() => {
    if (!isFirst) return EMPTY;
    isFirst = false;
    return task();
  }).pipe(ignoreElements());
}

function added(outcome: Outcome, { add }: Sink, name: string): Observable<Outcome> {
  if (!isOutcome(outcome)) return throwError(() => notAnOutcome(outcome, name));
  return defer(() => from(add(outcome))).pipe(
    last(),
    map(expectOutcome),
    catchError((error: unknown) => {
      const refused = asDeliveryError(error, name, outcome);
      return refused instanceof StorageError
        ? throwError(() => refused)
        : of(failedDelivery(refused, outcome));
    }),
  );
}

/** Returns the outcome that `add` has emitted. Throws if it has emitted something else. */
function expectOutcome(emitted: unknown): Outcome {
  if (isOutcome(emitted)) return emitted;
  throw new Error(`\`add\` emitted ${shown(emitted)}, expected the outcome`);
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'status' in value && 'index' in value;
}

function notAnOutcome(got: unknown, name: string): UsageError {
  return new UsageError(`The sink ${name} expected an outcome, got ${shown(got)}`, {
    suggestion: 'Put toOutcome({ folder }) before the sinks of the pipe.',
  });
}

/** Returns a function that runs a task at its first call; further calls get the same promise. */
function onlyOnce(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= task();
    return running;
  };
}
