import {
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import { createFifoQueue } from './internal/fifoQueue.ts';
import { expectOption, shareStop } from './internal/options.ts';
import { pullMap } from './pullMap.ts';

export interface RequeueConfig<T> {
  /** Tasks at the same time: an integer of 1 or more. */
  lanes: number;
  /** Tries of one task, at most, the first included: an integer of 1 or more. */
  maxTries: number;
  /** Returns true if another try can help; if not, the error ends the stream. Default: always. */
  shouldRequeue?: (error: unknown) => boolean;
  /** Shortest time from a failure to the next try; time spent in line counts. Default 0. */
  delayMs?: number;
  /** Called when a lane starts, completes or requeues a task. Default: no-op. */
  onTask?: (news: TaskNews<T>) => void;
  /**
   * Stops the start of further tasks when it emits, and drops the line of failed ones; tasks in
   * flight finish. Default: never emits.
   */
  stop?: Observable<unknown>;
  /** Clock of the delays. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

export interface LaneTurn {
  /** Number of the lane, 1…`lanes`. */
  readonly lane: number;
  /** 1-based try of the task. */
  readonly attempt: number;
}

export interface TaskNews<T> extends LaneTurn {
  readonly value: T;
  readonly state: 'started' | 'completed' | 'requeued';
}

interface Task<T> {
  readonly value: T;
  readonly attempt: number;
  readonly notBeforeMs: number;
}

/**
 * Works through a source in lanes. A task that fails goes to the end of the line, behind all that
 * the source has, and gets another try there. Values that it emitted before it failed stay emitted.
 *
 *     source                           a, b, c
 *     a, first try                     --#
 *     b                                ----(b|)
 *     c                                  ---(c|)
 *     a, second try                        --(a|)
 *     requeue({lanes: 2, maxTries: 2}) ----bc(a|)
 *
 * Pulls a task only when a lane is free: memory holds the tasks in the lanes and those that have
 * failed. The error of a last try, or of the source, ends the stream.
 */
export function requeue<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T, turn: LaneTurn) => ObservableInput<R>,
  config: RequeueConfig<T>,
): Observable<R> {
  const { lanes, maxTries, shouldRequeue = () => true, delayMs = 0, onTask } = config;
  const { stop = NEVER, scheduler = monotonicScheduler } = config;
  expectOption(Number.isInteger(lanes) && lanes >= 1, 'lanes', 'an integer of 1 or more', lanes);
  expectOption(Number.isInteger(maxTries) && maxTries >= 1, 'maxTries', 'an integer of 1 or more', maxTries);
  expectOption(delayMs >= 0, 'delayMs', 'a number of 0 or more', delayMs);
  return defer(() => {
    const shared = shareStop(stop);
    const line = createFifoQueue<Task<T>>();
    const freeLanes = Array.from({ length: lanes }, (_, index) => lanes - index);
    /** True once the source has ended and the line behind it is empty. */
    let isDrained = false;

    const work = (task: Task<T>, lane: number): Observable<R> => {
      const waitMs = task.notBeforeMs - scheduler.now();
      const wait = waitMs > 0 ? timer(waitMs, scheduler) : EMPTY;
      return concat(
        wait.pipe(takeUntil(shared.stop), ignoreElements()),
        defer(() => (shared.isStopped ? EMPTY : attemptOf(task, lane))),
      );
    };
    const attemptOf = (task: Task<T>, lane: number): Observable<R> => {
      const { value, attempt } = task;
      let failure: { readonly error: unknown } | null = null;
      onTask?.({ lane, attempt, value, state: 'started' });
      const tried = defer(() => project(value, { lane, attempt })).pipe(
        catchError((error: unknown) => {
          failure = { error };
          return EMPTY;
        }),
      );
      const settled = defer(() => {
        if (failure !== null) return again(task, lane, failure.error);
        onTask?.({ lane, attempt, value, state: 'completed' });
        return EMPTY;
      });
      return concat(tried, settled);
    };
    const again = ({ value, attempt }: Task<T>, lane: number, error: unknown): Observable<R> => {
      if (attempt === maxTries || !shouldRequeue(error)) return throwError(() => error);
      onTask?.({ lane, attempt, value, state: 'requeued' });
      if (shared.isStopped) return EMPTY;
      const task = { value, attempt: attempt + 1, notBeforeMs: scheduler.now() + delayMs };
      // The end of an empty line is here. So an idle lane need not wait for work: every task that
      // may still fail is in a lane.
      if (isDrained) return work(task, lane);
      line.join(task);
      return EMPTY;
    };

    const failed = function* () {
      for (let task = line.takeFirst(); task !== undefined; task = line.takeFirst()) yield task;
      isDrained = true;
    };
    const inLane = (task: Task<T>) => {
      const lane = freeLanes.pop() ?? 0;
      return work(task, lane).pipe(tap({ complete: () => freeLanes.push(lane) }));
    };
    return pullMap(tasksOf(source, failed), inLane, { concurrency: lanes, stop: shared.stop });
  });
}

/** Yields the whole line: the items of the source, then the tasks that have failed. */
function tasksOf<T>(source: Iterable<T> | AsyncIterable<T>, failed: () => Iterable<Task<T>>) {
  return Symbol.asyncIterator in source ? asyncTasks(source, failed) : syncTasks(source, failed);
}

function* syncTasks<T>(source: Iterable<T>, failed: () => Iterable<Task<T>>): Generator<Task<T>> {
  for (const value of source) yield { value, attempt: 1, notBeforeMs: 0 };
  yield* failed();
}

async function* asyncTasks<T>(
  source: AsyncIterable<T>,
  failed: () => Iterable<Task<T>>,
): AsyncGenerator<Task<T>> {
  for await (const value of source) yield { value, attempt: 1, notBeforeMs: 0 };
  yield* failed();
}
