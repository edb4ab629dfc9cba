import {
  catchError,
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  type ObservedValueOf,
  type SchedulerLike,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { createFifoQueue } from '../base/items/fifoQueue.ts';
import { longTimer, monotonicScheduler } from '../base/monotonicScheduler.ts';
import { expectCount, expectPulling, expectWait, shareStop } from './internal/options.ts';
import { pullMap } from './pullMap.ts';

export interface RequeueConfig<T> {
  /** Tasks at the same time, one in each lane: an integer of 1 or more. */
  concurrency: number;
  /** Tries of one task after its first, at most: an integer of 0 or more. */
  retries: number;
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
  stop?: ObservableInput<unknown>;
  /** Clock of the delays. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

export interface LaneTurn {
  /** Number of the lane, 1…`concurrency`. */
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
 *     source                                a, b, c
 *     a, first try                          --#
 *     b                                     ----(b|)
 *     c                                       ---(c|)
 *     a, second try                             --(a|)
 *     requeue({concurrency: 2, retries: 1}) ----bc(a|)
 *
 * Pulls a task only when a lane is free: memory holds the tasks in the lanes and those that have
 * failed. The error of a last try, of the source or of a callback ends the stream. Unsubscribing
 * unsubscribes the tasks in the lanes, drops the line, and closes the source.
 */
export function requeue<T, O extends ObservableInput<unknown>>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T, turn: LaneTurn) => O,
  config: RequeueConfig<T>,
): Observable<ObservedValueOf<O>> {
  type R = ObservedValueOf<O>;
  expectPulling(source, project, config, 'concurrency', 'retries');
  const { concurrency, retries, shouldRequeue = () => true, delayMs = 0, onTask } = config;
  const { stop = NEVER, scheduler = monotonicScheduler } = config;
  expectCount(concurrency, 'concurrency', 1);
  expectCount(retries, 'retries', 0);
  expectWait(delayMs, 'delayMs');
  return defer(() => {
    const shared = shareStop(stop);
    const line = createFifoQueue<Task<T>>();
    const freeLanes = Array.from({ length: concurrency }, (_, index) => concurrency - index);
    /** Tasks that are tried again by the lane in which they failed. */
    const againIn = new Map<number, Task<T>>();
    /** True once the source has ended and the line behind it is empty. */
    let isDrained = false;

    const work = (task: Task<T>, lane: number): Observable<R> => {
      const waitMs = task.notBeforeMs - scheduler.now();
      const wait = waitMs > 0 ? longTimer(waitMs, scheduler) : EMPTY;
      return concat(
        wait.pipe(takeUntil(shared.stop), ignoreElements()),
        defer(() => (shared.isStopped ? EMPTY : attemptOf(task, lane))),
      );
    };
    const attemptOf = (task: Task<T>, lane: number): Observable<R> => {
      const { value, attempt } = task;
      let failure: { readonly error: unknown } | null = null;
      onTask?.({ lane, attempt, value, state: 'started' });
      const tried = defer(() => from(project(value, { lane, attempt })) as Observable<R>).pipe(
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
      if (attempt > retries || !shouldRequeue(error)) return throwError(() => error);
      onTask?.({ lane, attempt, value, state: 'requeued' });
      if (shared.isStopped) return EMPTY;
      const task = { value, attempt: attempt + 1, notBeforeMs: scheduler.now() + delayMs };
      // The end of an empty line is here. So an idle lane need not wait for work: every task that
      // may still fail is in a lane.
      if (isDrained) againIn.set(lane, task);
      else line.join(task);
      return EMPTY;
    };

    const failed = function* () {
      for (let task = line.takeFirst(); task !== undefined; task = line.takeFirst()) yield task;
      isDrained = true;
    };
    // Tries are items of their own: a loop, not a recursion, if a task fails at once each time.
    const triesIn = function* (lane: number, first: Task<T>) {
      for (let task: Task<T> | undefined = first; task !== undefined; task = againIn.get(lane)) {
        againIn.delete(lane);
        yield task;
      }
    };
    const inLane = (task: Task<T>) => {
      const lane = freeLanes.pop() ?? 0;
      const tries = pullMap(triesIn(lane, task), (one) => work(one, lane), { concurrency: 1 });
      return tries.pipe(tap({ complete: () => freeLanes.push(lane) }));
    };
    return pullMap(tasksOf(source, failed), inLane, { concurrency, stop: shared.stop });
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
