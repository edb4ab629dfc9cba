import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  last,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  ReplaySubject,
  take,
  tap,
} from 'rxjs';
import { abortOf } from '../../base/fromAbortable.ts';
import { checkOptions, having, type OptionRule, oneOf, optionRules } from '../../base/options.ts';
import { DeliveryError, UsageError } from '../../errors.ts';
import type { RunCallbacks } from '../../events/listeners.ts';
import { observeRun, ofType } from '../../events/observeRun.ts';
import { progressOf, type RunProgress } from '../../events/progress.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import { noTotals } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { outcomeStream } from '../outcomeStream.ts';
import { isRunFault, withTotals } from '../run/closing/faults.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import type { CourseOptions, RunControl, SharedOptions } from './options.ts';
import { asUsage } from './planning/frontErrors.ts';
import type { RunPlan } from './runPlan.ts';
import { callbacksOf } from './settings.ts';

/**
 * A run of images: await it, iterate over it, or subscribe to it. It begins with the first of them.
 */
export interface ImagesRun extends PromiseLike<FinishedRun>, AsyncIterable<Outcome> {
  /** Everything that happens. Subscribing does not begin the run. */
  readonly events: Observable<RunEvent>;
  /** Counts, cost and time left: at the start, and after each image. Does not begin the run. */
  readonly progress: Observable<RunProgress>;
  /**
   * Each image once it is saved. Emits the error that ends the run. Leaving it ends the run early.
   */
  readonly images: Observable<Outcome>;
  /** The end of the run, or the error that ends it. Leaving it ends the run early. */
  readonly end: Observable<FinishedRun>;
  catch<T = never>(onRejected?: ((error: unknown) => T | PromiseLike<T>) | null): Promise<FinishedRun | T>;
  finally(onFinally?: (() => void) | null): Promise<FinishedRun>;
}

/** A run of images that can be planned before it begins. */
export interface PlannedRun extends ImagesRun {
  /**
   * Reads and checks the input and prices the jobs, creates nothing and pays nothing: a dry run. If
   * the run begins later, it makes the planned jobs. Rejects as the run does before it begins.
   */
  plan(): Promise<RunPlan>;
}

/** The options for the end of a run, and for its callbacks. */
type Ending = Pick<CourseOptions, 'signal' | 'onAbort' | 'sinks'> &
  RunCallbacks &
  Pick<SharedOptions, 'scheduler'>;

/** The rules of the options that end a run early. */
export const endingRules: Readonly<Partial<Record<keyof Ending, OptionRule>>> = {
  signal: having('an AbortSignal', 'aborted', 'addEventListener'),
  onAbort: oneOf('finish', 'cancel'),
  sinks: optionRules.tasks,
};

/** Makes the run that can be awaited, iterated and subscribed to from one that is controlled. */
export function createImagesRun(
  run: (control: RunControl) => Observable<FinishedRun>,
  options: Ending,
): ImagesRun {
  const { signal, onAbort = 'finish', sinks = [] } = options;
  const leave = new ReplaySubject<void>(1);
  const stop = merge(leave, abortOf(signal)).pipe(take(1));
  let handOver: RunControl['handOver'];
  const { end: running, events } = observeRun((emit) => {
    const call = callbacksOf(options);
    return run({
      stop,
      cancel: onAbort === 'cancel' ? stop : NEVER,
      emit: (event) => {
        emit(event);
        call?.(event);
      },
      ...(handOver === undefined ? {} : { handOver }),
    });
  });
  const ended = defer(() => {
    asUsage(() => checkOptions({ signal, onAbort, sinks }, endingRules));
    return through(sinks, { running, events, halt: () => leave.next() });
  });
  let begun: Promise<FinishedRun> | null = null;
  const begin = (): Promise<FinishedRun> => {
    if (begun === null) {
      const ending = signal?.aborted === true ? Promise.resolve(null) : lastValueFrom(ended, noEnd);
      begun = ending.then((end) => orAborted(end, signal)).catch(throwWithTotals);
      // Callers that wait for it get the error; none has to.
      begun.catch(() => {});
    }
    return begun;
  };
  /** Begins the run; leaving before its end ends it early. */
  const attached = defer(() => {
    let isOver = false;
    const note = () => {
      isOver = true;
    };
    return from(begin()).pipe(
      tap({ next: note, error: note }),
      finalize(() => {
        if (!isOver) leave.next();
      }),
    );
  });
  const iterate = () => {
    if (begun !== null) {
      throw new UsageError('This run has begun already, so a loop would miss its first images', {
        suggestion: 'Let the loop begin the run, and await it behind the loop.',
      });
    }
    return outcomeStream((loop) => {
      handOver = (outcome) => (outcome.status === 'saved' ? loop.handOver(outcome) : EMPTY);
      const leaving = loop.left.pipe(
        tap(() => leave.next()),
        ignoreElements(),
      );
      return merge(from(begin()), leaving).pipe(take(1));
    });
  };
  return {
    events,
    progress: events.pipe(progressOf()),
    images: merge(
      events.pipe(
        ofType('image.saved'),
        map(({ outcome }) => outcome),
      ),
      attached.pipe(ignoreElements()),
    ),
    end: attached,
    // biome-ignore lint/suspicious/noThenProperty: it can be awaited, as its type says.
    then: (onFulfilled, onRejected) => begin().then(onFulfilled, onRejected),
    catch: (onRejected) => begin().catch(onRejected),
    finally: (onFinally) => begin().finally(onFinally),
    [Symbol.asyncIterator]: iterate,
  };
}

interface Sunk {
  readonly running: Observable<FinishedRun>;
  readonly events: Observable<RunEvent>;
  /** Ends the run early. */
  readonly halt: () => void;
}

/**
 * Runs with all outcomes passing through the sinks; ends, also with an error, when both have: the
 * sinks can write all saved outcomes. An error of a sink ends the run, once jobs in flight are
 * saved. An outcome that a sink has not taken is an error at the end: its image is saved, and no
 * later run gives it to the sink again.
 */
function through(
  sinks: NonNullable<Ending['sinks']>,
  { running, events, halt }: Sunk,
): Observable<FinishedRun> {
  return defer(() => {
    if (sinks.length === 0) return running;
    let fault: { readonly error: unknown } | null = null;
    const noted = <T>(source: Observable<T>): Observable<T> =>
      source.pipe(
        catchError((error: unknown) => {
          fault ??= { error };
          halt();
          return EMPTY;
        }),
      );
    const refused = createRefusals();
    const outcomes = events.pipe(
      ofType('image.saved', 'job.failed', 'job.skipped'),
      map(({ outcome }) => outcome),
      tap(refused.noteBefore),
    );
    const passed = sinks.reduce<Observable<Outcome>>((stream, sink) => sink(stream), outcomes);
    const sunk = noted(passed.pipe(tap(refused.noteBehind))).pipe(ignoreElements());
    return merge(sunk, noted(running)).pipe(
      last(null, null),
      concatMap((end) => {
        const error = fault === null ? refused.error() : fault.error;
        if (fault !== null || error !== null) {
          throw end === null ? error : withTotals(error, end.totals);
        }
        return end === null ? EMPTY : of(end);
      }),
    );
  });
}

/** Notes the outcomes that are failed behind the sinks and were not before them. */
function createRefusals() {
  const failed = new Set<number>();
  const refused: Outcome[] = [];
  return {
    noteBefore: ({ status, index }: Outcome) => {
      if (status === 'failed') failed.add(index);
    },
    noteBehind: (outcome: Outcome) => {
      if (outcome.status === 'failed' && !failed.has(outcome.index)) refused.push(outcome);
    },
    /** Returns the error of a run whose sinks have refused outcomes; null if they have not. */
    error(): DeliveryError | null {
      const [first] = refused;
      if (first === undefined) return null;
      const others = refused.length === 1 ? '' : ` (and ${refused.length - 1} more)`;
      return new DeliveryError(`${first.error?.message ?? 'A sink did not take an outcome'}${others}`, {
        destination: 'sinks',
        suggestion:
          'The images are saved. Give their outcomes to the sink again: manifestOutcomes(folder) reads them.',
      });
    },
  };
}

/** Throws an error again; one that came before the run began has totals of 0. */
function throwWithTotals(error: unknown): never {
  throw isRunFault(error) ? error : withTotals(error, noTotals(0));
}

/** A run that was left before it had read its prompts has no end. */
const noEnd = { defaultValue: null };

/** Throws the reason of an abort, as an aborted promise does, with the totals so far. */
function orAborted(end: FinishedRun | null, signal: AbortSignal | undefined): FinishedRun {
  if (end === null) throw signal?.aborted === true ? signal.reason : leftEarly();
  if (signal?.aborted !== true) return end;
  throw withTotals(signal.reason, end.totals);
}

function leftEarly(): DOMException {
  return new DOMException('The run was left before it had begun: nothing is created.', 'AbortError');
}
