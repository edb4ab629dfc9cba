import { from, Observable, type ObservableInput, type Subscriber, takeWhile } from 'rxjs';
import { expectOption } from './internal/options.ts';

export interface PullMapConfig {
  /** Inner Observables at the same time: an integer of 1 or more. */
  concurrency: number;
  /** Stops pulling when it emits; items in flight finish. Default: never emits. */
  stop?: Observable<unknown>;
}

/**
 * Maps each item of a source to an inner Observable, and emits the values of all of them as they
 * come. Pulls an item only when a slot is free: it is never more than `concurrency` items ahead,
 * and buffers nothing.
 *
 *     source                      a, b, c
 *     a                           ---(a|)
 *     b                           -(b|)
 *     c                            ----(c|)
 *     pullMap({concurrency: 2})   -b-a-(c|)
 *
 * A slot is free again when its inner Observable completes. An error of the source, of `project` or
 * of an inner Observable ends the stream. A source that was not read to its end is closed with
 * `iterator.return()`.
 */
export function pullMap<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T, index: number) => ObservableInput<R>,
  config: PullMapConfig,
): Observable<R> {
  const { concurrency, stop } = config;
  expectOption(
    Number.isInteger(concurrency) && concurrency >= 1,
    'concurrency',
    'an integer of 1 or more',
    concurrency,
  );
  return new Observable<R>((subscriber) => {
    const puller = new Puller(iteratorOf(source), project, concurrency, subscriber);
    subscriber.add(() => puller.stop());
    if (stop)
      subscriber.add(
        stop.subscribe({ next: () => puller.stop(), error: (error) => subscriber.error(error) }),
      );
    puller.pull();
  });
}

type AnyIterator<T> = Iterator<T, unknown> | AsyncIterator<T, unknown>;

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): AnyIterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** One subscription to a `pullMap`. */
class Puller<T, R> {
  readonly #iterator: AnyIterator<T>;
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #concurrency: number;
  readonly #subscriber: Subscriber<R>;
  #index = 0;
  #running = 0;
  /**
   * True while the loop runs: a slot freed meanwhile is another turn of the loop, not a loop within
   * it.
   */
  #looping = false;
  /** True while an asynchronous source is awaited: items are pulled one at a time. */
  #pulling = false;
  /** True once the source has ended, or must not be read any more. */
  #ended = false;

  constructor(
    iterator: AnyIterator<T>,
    project: (value: T, index: number) => ObservableInput<R>,
    concurrency: number,
    subscriber: Subscriber<R>,
  ) {
    this.#iterator = iterator;
    this.#project = project;
    this.#concurrency = concurrency;
    this.#subscriber = subscriber;
  }

  /**
   * Fills the free slots. A loop, not a recursion: inner Observables may complete while they are
   * being subscribed.
   */
  pull(): void {
    if (this.#looping) return;
    this.#looping = true;
    while (!this.#ended && !this.#pulling && this.#running < this.#concurrency) this.#pullNext();
    this.#looping = false;
    this.#completeIfIdle();
  }

  /** Stops reading the source. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    // The close is not awaited, and an error of it changes nothing that was emitted.
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {}
    if (!this.#looping) this.#completeIfIdle();
  }

  #pullNext(): void {
    try {
      const result = this.#iterator.next();
      if ('then' in result) this.#await(result);
      else this.#take(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(result: PromiseLike<IteratorResult<T, unknown>>): void {
    this.#pulling = true;
    const resume = (react: () => void) => {
      this.#pulling = false;
      react();
      this.pull();
    };
    result.then(
      (result) => resume(() => this.#take(result)),
      (error: unknown) => resume(() => this.#fail(error)),
    );
  }

  #take(result: IteratorResult<T, unknown>): void {
    if (this.#ended) return;
    if (result.done === true) {
      this.#ended = true;
      return;
    }
    this.#start(result.value);
  }

  #start(value: T): void {
    let inner: Observable<R>;
    try {
      inner = from(this.#project(value, this.#index++));
    } catch (error) {
      this.#subscriber.error(error);
      return;
    }
    this.#running += 1;
    // An inner Observable cannot be unsubscribed while it is being subscribed: an endless
    // synchronous one has to end by itself.
    const whileWanted = inner.pipe(takeWhile(() => !this.#subscriber.closed));
    this.#subscriber.add(
      whileWanted.subscribe({
        next: (result) => this.#subscriber.next(result),
        error: (error: unknown) => this.#subscriber.error(error),
        complete: () => {
          this.#running -= 1;
          this.pull();
        },
      }),
    );
  }

  /**
   * Ends the stream with the source's own error. The source has ended by it and needs no
   * `return()`; once stopped, its errors are ignored.
   */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscriber.error(error);
  }

  #completeIfIdle(): void {
    if (this.#ended && this.#running === 0) this.#subscriber.complete();
  }
}
