import {
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  Subject,
  takeUntil,
} from 'rxjs';
import { createFifoQueue } from './fifoQueue.ts';
import { type ItemIterator, Puller } from './puller.ts';

/**
 * Maps each value of a stream to an inner Observable or promise, and emits the values of all of
 * them as they come. Values that find no free slot wait in a queue, and so do the end and an error
 * of the source behind them. `concurrency` is an integer of 1 or more, or Infinity.
 *
 *     source            abc#
 *     inner, each       --(x|)
 *     mapQueued(…, 2)   --xx-(x#)
 *
 * Does what `mergeMap` does, without its recursion: inner Observables may complete at once, however
 * many values wait. Unsubscribing unsubscribes the source and the inner Observables, and drops the
 * queue.
 */
export function mapQueued<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  concurrency: number,
): OperatorFunction<T, ObservedValueOf<O>> {
  return (source) =>
    new Observable<ObservedValueOf<O>>((subscriber) => {
      const inbox = new Inbox(source);
      const puller = new Puller({ iterator: inbox, project, concurrency }, subscriber);
      subscriber.add(puller.stop);
      puller.pull();
      inbox.open();
    });
}

type Item<T> = IteratorResult<T, unknown>;

/** The values of a stream that wait to be pulled. */
class Inbox<T> implements ItemIterator<T> {
  readonly #source: Observable<T>;
  readonly #line = createFifoQueue<{ readonly value: T }>();
  readonly #closed = new Subject<void>();
  /** How the source has ended: gives the last item, or throws. */
  #end: (() => Item<T>) | null = null;
  /** Takes the next item; null if none is asked for. */
  #waiter: { readonly take: (item: Item<T>) => void; readonly fail: (error: unknown) => void } | null = null;

  constructor(source: Observable<T>) {
    this.#source = source;
  }

  /** Subscribes the source, which may emit at once. */
  open(): void {
    // Its subscription is not known while it is being subscribed: an endless one would not end.
    this.#source.pipe(takeUntil(this.#closed)).subscribe({
      next: (value) => {
        if (this.#waiter === null) this.#line.join({ value });
        else this.#takeWaiter()?.take({ done: false, value });
      },
      error: (error: unknown) => {
        this.#end = () => {
          throw error;
        };
        this.#takeWaiter()?.fail(error);
      },
      complete: () => {
        this.#end = () => ({ done: true, value: undefined });
        this.#takeWaiter()?.take(this.#end());
      },
    });
  }

  next(): Item<T> | PromiseLike<Item<T>> {
    const first = this.#line.takeFirst();
    if (first !== undefined) return { done: false, value: first.value };
    if (this.#end !== null) return this.#end();
    // Not a promise: that would pass a value on in a later turn of the event loop.
    const then = (take: (item: Item<T>) => void, fail: (error: unknown) => void) => {
      this.#waiter = { take, fail };
    };
    return { then } as PromiseLike<Item<T>>;
  }

  return(): void {
    this.#closed.next();
  }

  #takeWaiter() {
    const waiter = this.#waiter;
    this.#waiter = null;
    return waiter;
  }
}
