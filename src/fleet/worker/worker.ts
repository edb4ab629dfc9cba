import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  endWith,
  filter,
  finalize,
  ignoreElements,
  merge,
  mergeMap,
  type Observable,
  of,
  repeat,
  Subject,
  shareReplay,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Database } from '../database/connection.ts';
import type { Engine, HeldTask } from '../engine/engine.ts';
import type { QueueName } from '../engine/tasks.ts';
import { countCrew, createReach } from './crew.ts';
import { createPartEnds } from './endPart.ts';
import { createHandler } from './handlePart.ts';
import { createHeartbeats } from './heartbeats.ts';
import { createPartsInHand } from './partsInHand.ts';
import { createWorkerGates, type RunOfWorkerConfig } from './runOfWorker.ts';
import type { WorkerEvent } from './settlePart.ts';

export interface WorkerConfig extends Omit<RunOfWorkerConfig, 'gates' | 'liveWorkers'> {
  database: Database;
  engine: Engine;
  /** Name of this worker, for people: the machine and the process. */
  name: string;
  /**
   * Originals rendered at a time. Default: one a core, but no more than the threads of Node's pool.
   */
  encoders?: number;
  /** Takes no further part once it emits; jobs in flight have 30 s. Default: never. */
  stop?: Observable<unknown>;
  /**
   * Time for the jobs in flight of a worker that stops; then they are given back. Default 30,000.
   */
  patienceMs?: number;
}

/** Pauses between two looks into a queue that had nothing: a rescue must not wait. */
const PAUSES_MS = { parts: 1_000, rescue: 500 } as const;
/** Jobs that wait for their first create request, at least: then the next part is taken. */
const AHEAD = 5;

/**
 * Works on the parts of all runs of a database until it is stopped: takes one as soon as its hands
 * are free, and parts whose jobs are in flight at once. Emits the events of each part.
 *
 *     stop         -----------s
 *     parts        a---b---c
 *     work         tf--tf--t--f|     t: taken, f: finished or given back
 *
 * Emits an error if this machine cannot continue: its disk, its database, a fault of the program.
 * It stops first, as if `stop` had emitted.
 */
export function work(config: WorkerConfig): Observable<WorkerEvent> {
  return defer(() => {
    const { database, engine, stop = EMPTY, encoders, patienceMs = 30_000 } = config;
    const scheduler = monotonicScheduler;
    const gates = createWorkerGates(encoders);
    const parts = createPartsInHand();
    const heartbeats = createHeartbeats(engine, scheduler);
    let fault: { readonly error: unknown } | null = null;
    let isStopped = false;
    let stoppedAtMs = 0;
    let starting = 0;
    const failed = new Subject<void>();
    const stopped = merge(stop, failed).pipe(
      take(1),
      tap(() => {
        isStopped = true;
        stoppedAtMs = scheduler.now();
      }),
      shareReplay(1),
    );
    // Of a part that begins later, too, the time counts from then.
    const left = stopped.pipe(
      concatMap(() => timer(Math.max(0, stoppedAtMs + patienceMs - scheduler.now()), scheduler)),
    );
    const reach = createReach<HeldTask>(config.emit);
    const crew = countCrew(database, scheduler);
    const hasHands = (): boolean =>
      starting === 0 && parts.unbegun() < AHEAD && gates.encoders.waiting < 2 * gates.encoders.concurrency;
    const handle = createHandler({
      ...config,
      hasHands,
      liveWorkers: crew.count,
      gates,
      parts,
      ends: createPartEnds(database, engine),
      stop: stopped,
      leave: left,
    });
    const next = (queue: QueueName): Observable<HeldTask> =>
      defer(() =>
        isStopped || (queue === 'parts' && !hasHands())
          ? of(null)
          : defer(() => engine.take(queue)).pipe(reach),
      ).pipe(filter((held) => held !== null));
    const handled = (held: HeldTask): Observable<WorkerEvent> => {
      starting += 1;
      let isStarting = true;
      const started = () => {
        if (isStarting) starting -= 1;
        isStarting = false;
      };
      return heartbeats
        .hold(held, (lost) => handle(held, lost, started))
        .pipe(
          catchError((error: unknown) => {
            fault ??= { error };
            failed.next();
            return EMPTY;
          }),
          finalize(started),
        );
    };
    const tasks = (queue: QueueName): Observable<WorkerEvent> => {
      let hadTask = false;
      const looks = next(queue).pipe(
        tap(() => {
          hadTask = true;
        }),
        repeat({
          delay: () => {
            if (isStopped) return EMPTY;
            const pauseMs = hadTask ? 20 : PAUSES_MS[queue];
            hadTask = false;
            return timer(pauseMs, scheduler).pipe(takeUntil(stopped), endWith(0), take(1));
          },
        }),
      );
      return looks.pipe(mergeMap(handled));
    };
    const over = new Subject<void>();
    const all = merge(tasks('rescue'), tasks('parts')).pipe(finalize(() => over.next()));
    const ended = defer(() => (fault === null ? EMPTY : throwError(() => fault?.error)));
    return concat(
      merge(
        all,
        merge(heartbeats.beats, crew.looks).pipe(takeUntil(over)),
        stopped.pipe(takeUntil(over), ignoreElements()),
      ),
      ended,
    );
  });
}
