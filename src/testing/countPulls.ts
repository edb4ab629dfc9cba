import type { SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';

/** One thing that happened to a source that is pulled. */
export interface Pull<T> {
  /**
   * `item`: an item was taken. `end`: the source was asked once more and had nothing left.
   * `return`: it was closed before its end.
   */
  readonly type: 'item' | 'end' | 'return';
  /** Ms since the source was made. */
  readonly atMs: number;
  /** The item that was taken; undefined for the others. */
  readonly item?: T;
}

/** The record of the items that were requested from a source. */
export interface PullRecord<T> {
  /** Everything that happened, in its order. */
  readonly pulls: readonly Pull<T>[];
  /** The most items that were taken and not finished at any time. */
  readonly mostAhead: number;
  /**
   * Notes that one of the items taken is finished: `tap({ complete: source.finish })` on the stream
   * that each item becomes. (`finalize` comes too late: the next item is pulled before it.)
   */
  readonly finish: () => void;
}

export interface CountPullsConfig {
  /** Clock of `atMs`. Default monotonicScheduler, which is virtual inside `marbles`. */
  scheduler?: SchedulerLike;
}

/**
 * Wraps a source so that it records each item requested from it, and when; check it with
 * `expectPulls`. A synchronous source stays synchronous. The wrapped source gets exactly the
 * requests that this one gets. All iterations of it share one record.
 */
export function countPulls<T>(items: Iterable<T>, config?: CountPullsConfig): Iterable<T> & PullRecord<T>;
export function countPulls<T>(
  items: AsyncIterable<T>,
  config?: CountPullsConfig,
): AsyncIterable<T> & PullRecord<T>;
export function countPulls<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { scheduler = monotonicScheduler }: CountPullsConfig = {},
): (Iterable<T> | AsyncIterable<T>) & PullRecord<T> {
  const startMs = scheduler.now();
  const pulls: Pull<T>[] = [];
  let [ahead, mostAhead] = [0, 0];
  const note = (type: Pull<T>['type']) => pulls.push({ type, atMs: scheduler.now() - startMs });
  const taken = <R extends IteratorResult<T, unknown>>(result: R): R => {
    if (result.done === true) {
      note('end');
      return result;
    }
    pulls.push({ type: 'item', atMs: scheduler.now() - startMs, item: result.value });
    ahead += 1;
    mostAhead = Math.max(mostAhead, ahead);
    return result;
  };
  const record: PullRecord<T> = {
    pulls,
    get mostAhead() {
      return mostAhead;
    },
    finish: () => {
      ahead = Math.max(0, ahead - 1);
    },
  };
  // Not by a spread, which would read `mostAhead` for good.
  return Object.assign(record, iterationOf(items, { taken, onReturn: () => note('return') }));
}

interface Notes<T> {
  readonly taken: <R extends IteratorResult<T, unknown>>(result: R) => R;
  readonly onReturn: () => void;
}

function iterationOf<T>(items: Iterable<T> | AsyncIterable<T>, { taken, onReturn }: Notes<T>) {
  if (Symbol.asyncIterator in items) {
    return {
      [Symbol.asyncIterator](): AsyncIterator<T, unknown> {
        const iterator: AsyncIterator<T, unknown> = items[Symbol.asyncIterator]();
        return {
          next: async () => taken(await iterator.next()),
          return: async (value?: unknown) => {
            onReturn();
            return (await iterator.return?.(value)) ?? { done: true, value };
          },
        };
      },
    };
  }
  return {
    [Symbol.iterator](): Iterator<T, unknown> {
      const iterator: Iterator<T, unknown> = items[Symbol.iterator]();
      return {
        next: () => taken(iterator.next()),
        return: (value?: unknown) => {
          onReturn();
          return iterator.return?.(value) ?? { done: true, value };
        },
      };
    },
  };
}
