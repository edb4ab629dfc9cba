import {
  from,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  Subject,
  type Subscriber,
  takeUntil,
} from 'rxjs';

export interface FlattenAllConfig<T> {
  /** Inner Observables at the same time: an integer of 1 or more, or Infinity. */
  concurrency: number;
  /** Called with each value that is dropped from the line. Default: no-op. */
  onDrop?: (value: T) => unknown;
}

/**
 * Maps each value to an inner Observable, and emits the values of all of them as they come, as
 * `mergeMap` does. An error ends it late: what may be paid is finished first.
 *
 *     source                       (abc|)
 *     a, b, c of 4, 2 and 3 ms     ----(a|)  --(b|)  ---(c|)
 *     flattenAll({concurrency: 2})  --b-a(c|)
 *     source of a and an error     (a#)
 *     flattenAll                   ----(a#)     a is finished, then the error is emitted
 *
 * Values that find no slot wait in line, without a bound. After an error of an inner Observable the
 * source and the line are dropped, and the other inner Observables finish; after one of the source
 * the line is worked off as well. The first error is emitted then. Unsubscribing drops all at once.
 */
export function flattenAll<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  { concurrency, onDrop = () => {} }: FlattenAllConfig<T>,
): OperatorFunction<T, R> {
  expectConcurrency(concurrency);
  return (source) =>
    new Observable<R>((subscriber) => {
      const flattener = new Flattener(project, { concurrency, onDrop }, subscriber);
      // The source stops first: one that waits for what is dropped must not emit more.
      subscriber.add(() => flattener.stop());
      flattener.read(source);
    });
}

/** One subscription to a `flattenAll`. */
class Flattener<T, R> {
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #config: Required<FlattenAllConfig<T>>;
  readonly #subscriber: Subscriber<R>;
  readonly #line = createLine<{ readonly value: T }>();
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
    for (const { value } of this.#line.clear()) this.#config.onDrop(value);
  }

  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#running < this.#config.concurrency && !this.#subscriber.closed) {
      const next = this.#line.take();
      if (next === undefined) break;
      this.#start(next.value);
    }
    this.#isWorking = false;
    if (!this.#isOver || this.#running > 0 || this.#line.size > 0) return;
    if (this.#fault === null) this.#subscriber.complete();
    else this.#subscriber.error(this.#fault.error);
  }

  #start(value: T): void {
    let inner: Observable<R>;
    try {
      inner = from(this.#project(value, this.#index++));
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
    this.stop();
  }
}

/** Throws a RangeError unless a value can be a `concurrency`. */
export function expectConcurrency(concurrency: number): void {
  if (concurrency === Number.POSITIVE_INFINITY || (Number.isInteger(concurrency) && concurrency >= 1)) return;
  throw new RangeError(`Expected \`concurrency\` to be an integer of 1 or more, got ${concurrency}`);
}

/** What waits, the first come first. */
interface Line<T> {
  readonly size: number;
  join(one: T): void;
  /** Takes the first one; undefined if none waits. */
  take(): T | undefined;
  /** Returns all that waited, and forgets them. */
  clear(): T[];
}

/** Creates a line. An array that is shifted would move all the others for each one that leaves. */
function createLine<T>(): Line<T> {
  let waiting: T[] = [];
  let gone = 0;
  const clear = () => {
    const rest = waiting.slice(gone);
    waiting = [];
    gone = 0;
    return rest;
  };
  return {
    get size() {
      return waiting.length - gone;
    },
    join: (one) => waiting.push(one),
    take() {
      const one = waiting[gone];
      if (one === undefined) return undefined;
      gone += 1;
      if (gone > waiting.length / 2) waiting = clear();
      return one;
    },
    clear,
  };
}
