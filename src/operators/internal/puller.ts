import { from, type ObservableInput, type Subscriber, takeWhile } from 'rxjs';

/** An iterator, synchronous or not. */
export interface ItemIterator<T> {
  next(): IteratorResult<T, unknown> | PromiseLike<IteratorResult<T, unknown>>;
  return?(): unknown;
}

/** The work of a puller on items, and how many at the same time. */
interface Work<T, R> {
  readonly iterator: ItemIterator<T>;
  readonly project: (value: T, index: number) => ObservableInput<R>;
  readonly concurrency: number;
}

/**
 * One subscription to a `pullMap`: takes an item from the iterator when a slot is free, and emits
 * the values of its inner Observable to the subscriber.
 */
export class Puller<T, R> {
  readonly #work: Work<T, R>;
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

  constructor(work: Work<T, R>, subscriber: Subscriber<R>) {
    this.#work = work;
    this.#subscriber = subscriber;
  }

  /**
   * Fills the free slots. A loop, not a recursion: inner Observables may complete while they are
   * being subscribed.
   */
  readonly pull = (): void => {
    if (this.#looping) return;
    this.#looping = true;
    while (!this.#ended && !this.#pulling && this.#running < this.#work.concurrency) this.#pullNext();
    this.#looping = false;
    if (this.#ended && this.#running === 0) this.#subscriber.complete();
  };

  /** Stops reading the source. */
  readonly stop = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    // The close is not awaited, and an error of it changes nothing that was emitted.
    try {
      Promise.resolve(this.#work.iterator.return?.()).catch(() => {});
    } catch {}
    this.pull();
  };

  #pullNext(): void {
    try {
      const result = this.#work.iterator.next();
      if ('then' in result) {
        this.#pulling = true;
        result.then(this.#onItem, this.#onSourceError);
      } else this.#take(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onItem = (result: IteratorResult<T, unknown>): void => {
    this.#pulling = false;
    this.#take(result);
    this.pull();
  };

  readonly #onSourceError = (error: unknown): void => {
    this.#pulling = false;
    this.#fail(error);
    this.pull();
  };

  #take(result: IteratorResult<T, unknown>): void {
    if (this.#ended) return;
    if (result.done === true) this.#ended = true;
    else this.#start(result.value);
  }

  #start(value: T): void {
    const subscriber = this.#subscriber;
    try {
      const inner = this.#work.project(value, this.#index++);
      this.#running += 1;
      // One and the same pair of functions for all promises: 100,000 of them take half the time.
      if (inner instanceof Promise) inner.then(this.#onResult, this.#onInnerError);
      else subscriber.add(this.#subscribe(inner));
    } catch (error) {
      subscriber.error(error);
    }
  }

  readonly #onResult = (result: R): void => {
    this.#subscriber.next(result);
    this.#onInnerEnd();
  };

  #subscribe(inner: ObservableInput<R>) {
    const subscriber = this.#subscriber;
    // An inner Observable cannot be unsubscribed while it is being subscribed: an endless
    // synchronous one has to end by itself.
    const whileWanted = from(inner).pipe(takeWhile(() => !subscriber.closed));
    return whileWanted.subscribe({
      next: (result) => subscriber.next(result),
      error: this.#onInnerError,
      complete: this.#onInnerEnd,
    });
  }

  readonly #onInnerError = (error: unknown): void => this.#subscriber.error(error);

  readonly #onInnerEnd = (): void => {
    this.#running -= 1;
    this.pull();
  };

  /**
   * Ends the stream with the source's own error. The source has ended by it and needs no
   * `return()`; once stopped, its errors are ignored.
   */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscriber.error(error);
  }
}
