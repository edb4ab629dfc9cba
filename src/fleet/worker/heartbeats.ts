import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  type Observable,
  type SchedulerLike,
  Subject,
  take,
  tap,
  timer,
} from 'rxjs';
import type { Engine, HeldTask } from '../engine/engine.ts';

/** Signs of life for the tasks that this worker holds. */
export interface Heartbeats {
  /** Reports that all held tasks are worked on, again and again; never emits. */
  readonly beats: Observable<never>;
  /** Holds a task while the work on it is subscribed to. */
  hold<T>(held: HeldTask, work: (lost: Observable<unknown>) => Observable<T>): Observable<T>;
}

/** Well within the time after which a task goes to another worker. */
const EVERY_MS = 5_000;

/**
 * Creates the heartbeats of a worker. `lost` emits when the engine has given the task to another
 * one; a database that does not respond proves nothing.
 *
 *     the engine says    yes  yes  no
 *     lost               ----------x
 */
export function createHeartbeats(engine: Pick<Engine, 'touch'>, scheduler: SchedulerLike): Heartbeats {
  const held = new Map<string, HeldTask>();
  const lost = new Subject<string>();
  const touch = async (): Promise<void> => {
    const asked = [...held.values()];
    if (asked.length === 0) return;
    const ours = await engine.touch(asked);
    for (const task of asked) {
      // It may have been taken again since it was asked about.
      if (!ours.has(task.id) && held.get(task.id) === task) lost.next(task.id);
    }
  };
  return {
    beats: timer(0, EVERY_MS, scheduler).pipe(
      concatMap(() => defer(() => from(touch())).pipe(catchError(() => EMPTY))),
      ignoreElements(),
    ),
    hold: (task, work) =>
      defer(() => {
        held.set(task.id, task);
        const isLost = lost.pipe(
          filter((id) => id === task.id),
          take(1),
          tap(() => held.delete(task.id)),
        );
        return work(isLost).pipe(
          finalize(() => {
            if (held.get(task.id) === task) held.delete(task.id);
          }),
        );
      }),
  };
}
