import {
  endWith,
  from,
  ignoreElements,
  type MonoTypeOperatorFunction,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  of,
  Subject,
  type Subscriber,
  takeUntil,
  takeWhile,
} from 'rxjs';
import { createFifoQueue } from './fifoQueue.ts';

export interface FlattenAllConfig<T> {
  /** Inner Observables at the same time: an integer of 1 or more, or Infinity. */
  concurrency: number;
  /** Called with each value that is dropped from the line. Default: no-op. */
  onDrop?: (value: T) => unknown;
  /**
   * True to drop the values in flight once there is an error: none of them is paid. Default: work
   * that may be paid is finished first.
   */
  failsFast?: boolean;
}

/**
 * Maps each value to an inner Observable or promise, and emits the values of all of them as they
 * come, as `mergeMap` does. An error ends it late, because work that may be paid is finished first.
 *
 *     source                        (abc|)
 *     a, b, c of 4, 2 and 3 ms      ----(a|)  --(b|)  ---(c|)
 *     flattenAll({concurrency: 2})  --b-a(c|)
 *     source of a and an error      (a#)
 *     flattenAll                    ----(a#)     a is finished, then the error is emitted
 *     flattenAll({failsFast})       #
 *
 * Values that find no slot wait in line, without a bound. After an error of an inner Observable the
 * source and the line are dropped, and the other inner Observables finish; after one of the source
 * the line is worked off as well. The first error is emitted then. With `failsFast` nothing in
 * flight is waited for: an error of an inner Observable is emitted at once, and one of the source
 * as soon as a slot is free behind the line.
 *
 * Inner Observables may complete at once, however many values wait: it is a loop, where `mergeMap`
 * calls itself. Unsubscribing drops all at once.
 */
export function flattenAll<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  { concurrency, onDrop = () => {}, failsFast = false }: FlattenAllConfig<T>,
): OperatorFunction<T, R> {
  expectConcurrency(concurrency);
  return (source) =>
    new Observable<R>((subscriber) => {
      const flattener = new Flattener(project, { concurrency, onDrop, failsFast }, subscriber);
      // The source stops first: one that waits for a dropped value must not emit more.
      subscriber.add(() => flattener.stop());
      flattener.read(source);
    });
}

/** One subscription to a `flattenAll`. */
class Flattener<T, R> {
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #config: Required<FlattenAllConfig<T>>;
  readonly #subscriber: Subscriber<R>;
  readonly #line = createFifoQueue<{ readonly value: T }>();
  readonly #stopped = new Subject<void>();
  #index = 0;
  #running = 0;
  /** True once the source has ended, or is dropped. */
  #isOver = false;
  /**
   * True while the loop runs: an inner Observable that completes while it is being subscribed is
   * another turn of the loop, not a loop within it.
   */
  #isWorking = false;
  #fault: { readonly error: unknown } | null = null;

  constructor(
    project: (value: T, index: number) => ObservableInput<R>,
    config: Required<FlattenAllConfig<T>>,
    subscriber: Subscriber<R>,
  ) {
    this.#project = project;
    this.#config = config;
    this.#subscriber = subscriber;
  }

  read(source: Observable<T>): void {
    const end = () => {
      this.#isOver = true;
      this.#work();
    };
    // Unlike an unsubscribe, it stops an endless source that is still being subscribed.
    source.pipe(takeUntil(this.#stopped)).subscribe({
      next: (value) => {
        this.#line.join({ value });
        this.#work();
      },
      error: (error: unknown) => {
        this.#fault ??= { error };
        end();
      },
      complete: end,
    });
  }

  /** Stops the source, and drops the values in line. */
  stop(): void {
    this.#isOver = true;
    this.#stopped.next();
    for (let next = this.#line.takeFirst(); next !== undefined; next = this.#line.takeFirst())
      this.#config.onDrop(next.value);
  }

  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#running < this.#config.concurrency && !this.#subscriber.closed) {
      const next = this.#line.takeFirst();
      if (next === undefined) break;
      this.#start(next.value);
    }
    this.#isWorking = false;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#isOver || this.#line.size > 0) return;
    const { failsFast, concurrency } = this.#config;
    if (this.#fault === null) {
      if (this.#running === 0) this.#subscriber.complete();
    } else if (this.#running === 0 || (failsFast && this.#running < concurrency))
      this.#subscriber.error(this.#fault.error);
  }

  #start(value: T): void {
    let inner: Observable<R>;
    try {
      // An inner Observable cannot be unsubscribed while it is being subscribed: an endless
      // synchronous one has to end by itself.
      inner = from(this.#project(value, this.#index++)).pipe(takeWhile(() => !this.#subscriber.closed));
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    this.#running += 1;
    const leave = () => {
      this.#running -= 1;
      this.#work();
    };
    this.#subscriber.add(
      inner.subscribe({
        next: (result) => this.#subscriber.next(result),
        error: (error: unknown) => {
          this.#giveUp(error);
          leave();
        },
        complete: leave,
      }),
    );
  }

  #giveUp(error: unknown): void {
    this.#fault ??= { error };
    if (this.#config.failsFast) this.#subscriber.error(error);
    else this.stop();
  }
}

/**
 * Delays each value until its turn completes, one turn after the other; null is a turn that has
 * come. Values wait in line; the end of the source, or its error, comes after them. An error of a
 * turn ends the stream.
 *
 *     source    ab#
 *     turn      --|
 *     inTurn    --a-(b#)
 */
export function inTurn<T>(nextTurn: () => Observable<unknown> | null): MonoTypeOperatorFunction<T> {
  const afterTurn = (value: T): Observable<T> => {
    const turn = nextTurn();
    return turn === null ? of(value) : turn.pipe(ignoreElements(), endWith(value));
  };
  return flattenAll(afterTurn, { concurrency: 1, failsFast: true });
}

/** Throws a RangeError unless a value can be a `concurrency`. */
export function expectConcurrency(concurrency: number): void {
  if (concurrency === Number.POSITIVE_INFINITY || (Number.isInteger(concurrency) && concurrency >= 1)) return;
  throw new RangeError(`Expected \`concurrency\` to be an integer of 1 or more, got ${concurrency}`);
}
