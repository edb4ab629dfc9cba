import { from, Observable, type ObservableInput, type Subscriber, takeWhile } from 'rxjs';
import { expectOption } from './internal/options.ts';

export interface PullMapConfig {
  /** Inner Observables at the same time: an integer of 1 or more. */
  concurrency: number;
  /** When it emits, nothing more is pulled; what is under way is finished. Default: never. */
  stop?: Observable<unknown>;
}

/**
 * Maps each item of a source to an inner Observable and emits what they emit, as it comes. An item is asked for only
 * when a place is free: the source is never more than `concurrency` items ahead, and nothing is buffered.
 *
 *     source                      a, b, c
 *     a                           ---(a|)
 *     b                           -(b|)
 *     c                            ----(c|)
 *     pullMap({concurrency: 2})   -b-a-(c|)
 *
 * A place is free again when its inner Observable completes. An error of the source, of `project` or of an inner
 * Observable ends the whole. A source that was not read to its end is told so by `iterator.return()`.
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

/** One subscription of a pullMap. */
class Puller<T, R> {
  readonly #iterator: AnyIterator<T>;
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #concurrency: number;
  readonly #subscriber: Subscriber<R>;
  #index = 0;
  #running = 0;
  /** The loop is running: a place freed meanwhile is another turn of it, not a loop within the loop. */
  #looping = false;
  /** An answer of an asynchronous source is awaited: it is asked one thing at a time. */
  #asking = false;
  /** The source has ended, or is not to be asked any more. */
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

  /** Fills the free places. A loop, not a recursion: inner Observables may complete while they are being subscribed. */
  pull(): void {
    if (this.#looping) return;
    this.#looping = true;
    while (!this.#ended && !this.#asking && this.#running < this.#concurrency) this.#ask();
    this.#looping = false;
    this.#completeIfIdle();
  }

  /** Asks the source for nothing more. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Nobody waits for the source to close, and what it throws then changes nothing that was emitted.
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {}
    if (!this.#looping) this.#completeIfIdle();
  }

  #ask(): void {
    try {
      const answer = this.#iterator.next();
      if ('then' in answer) this.#await(answer);
      else this.#take(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(answer: PromiseLike<IteratorResult<T, unknown>>): void {
    this.#asking = true;
    const goOn = (react: () => void) => {
      this.#asking = false;
      react();
      this.pull();
    };
    answer.then(
      (result) => goOn(() => this.#take(result)),
      (error: unknown) => goOn(() => this.#fail(error)),
    );
  }

  #take(answer: IteratorResult<T, unknown>): void {
    if (this.#ended) return;
    if (answer.done === true) {
      this.#ended = true;
      return;
    }
    this.#start(answer.value);
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
    // While it is being subscribed it cannot be unsubscribed yet: an endless synchronous one has to be asked to stop.
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

  /** The source itself failed: it has ended by that and needs no `return()`. Once stopped, nobody minds what it says. */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscriber.error(error);
  }

  #completeIfIdle(): void {
    if (this.#ended && this.#running === 0) this.#subscriber.complete();
  }
}
