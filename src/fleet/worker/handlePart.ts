import {
  catchError,
  concat,
  concatMap,
  defer,
  finalize,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  of,
  takeUntil,
  takeWhile,
  tap,
  throwError,
} from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { Database } from '../database/connection.ts';
import { createPartCalls } from '../database/partCalls.ts';
import type { HeldTask } from '../engine/engine.ts';
import { createFreshGrants } from '../part/freshGrants.ts';
import { createPartJournal } from '../part/partJournal.ts';
import { DamagedPartError, type TakenPart, takePart } from '../part/takePart.ts';
import type { PartEnds } from './endPart.ts';
import type { PartFolder } from './partFolder.ts';
import type { PartsInHand } from './partsInHand.ts';
import { createRuns, type RunOfWorker, type RunOfWorkerConfig } from './runOfWorker.ts';
import { runPart } from './runPart.ts';
import { createSettler, isFenced, type WorkerEvent } from './settlePart.ts';
import { untilStopped, whenAtRest } from './stopping.ts';

export interface HandlerConfig extends RunOfWorkerConfig {
  database: Database;
  name: string;
  parts: PartsInHand;
  /** Returns true if this worker may begin further jobs. */
  hasHands: () => boolean;
  ends: PartEnds;
  /** Begins no further job once it emits. */
  stop: Observable<unknown>;
  /** Gives back the jobs in flight once it emits. */
  leave: Observable<unknown>;
}

/**
 * Works on one task; `lost` emits once another worker has it. Calls `onStarted` just before its
 * jobs count among those that wait for their first create request.
 */
export type Handler = (
  held: HeldTask,
  lost: Observable<unknown>,
  onStarted: () => void,
) => Observable<WorkerEvent>;

/** Creates the handler of a worker's tasks. Its errors are those of the whole worker. */
export function createHandler(config: HandlerConfig): Handler {
  const { database, name, parts, hasHands, ends, stop, leave, gates } = config;
  const runOf = createRuns(database, parts, config);

  const { giveBack, refuse, settle, end, setAside } = createSettler({ database, ends });

  const handlePart = (
    held: HeldTask,
    taken: TakenPart,
    { opened, place }: { readonly opened: RunOfWorker; readonly place: PartFolder },
    { lost, onStarted }: { lost: Observable<unknown>; onStarted: () => void },
  ): Observable<WorkerEvent> => {
    const { run, part } = taken;
    const isRescue = held.queue === 'rescue';
    const { calls, mayStillSend, lastGrantMs } = createFreshGrants(createPartCalls(database, taken));
    const { holdMs } = opened;
    const own = createPartJournal({
      ...{ calls, folder: place.path, jobs: taken.jobs, holdMs, line: gates.line },
      aheadMs: taken.aheadMs,
    });
    const { record } = untilStopped(own, stop);
    const journal = { ...own, record: place.over(record), mayStillSend };
    const inHand = { taken, calls, journal, place, lastGrantMs };
    let isLost = false;
    return defer(() => {
      onStarted();
      const leavesRest = isRescue && !hasHands();
      const remove = parts.add(inHand, leavesRest);
      opened.claims.know(journal.knownPredictionIds());
      const mark = (index: number) => lastValueFrom(calls.mark(index));
      const isOver = lost.pipe(
        tap(() => {
          isLost = true;
        }),
      );
      const jobs = runPart({ ...inHand, run: opened, leavesRest, mark, stop }).pipe(
        takeUntil(merge(isOver, leave, whenAtRest(inHand, stop))),
        ignoreElements(),
      );
      const after = defer(() =>
        isLost
          ? of<WorkerEvent>({ type: 'part.lost', run, part })
          : concat(
              journal.idle(),
              defer(() => settle(held, inHand)),
            ),
      );
      const { deaths, plans } = taken;
      return concat(
        of<WorkerEvent>({ type: 'part.taken', run, part, jobs: plans.length, isRescue, deaths }),
        concat(jobs, after).pipe(catchError((error: unknown) => end(error, held, inHand))),
      ).pipe(finalize(remove));
    });
  };

  return (held, lost, onStarted) => {
    const { run, part, isGivenBack = false } = held.task;
    // Its last owner gave it back, or has died: then a rescue that comes again has died as well.
    const afterDeath = held.queue === 'rescue' && (!isGivenBack || held.retryCount > 0);
    const worked = (opened: RunOfWorker | UsageError, place: PartFolder | null) =>
      takePart(database, {
        ...{ run, part, owner: name, afterDeath, folder: place?.path ?? '/' },
        claim: ends.claimOf(held),
      }).pipe(
        concatMap((taken): Observable<WorkerEvent> => {
          if (taken === null) return ends.forget(held).pipe(ignoreElements());
          if (opened instanceof UsageError || place === null) {
            return refuse(held, taken, held.queue, reasonOf(opened));
          }
          if (taken.isPaused) return giveBack(held, taken, { queue: held.queue }, 'the run is paused');
          return handlePart(held, taken, { opened, place }, { lost, onStarted });
        }),
        catchError((error: unknown) => {
          if (isFenced(error)) return of<WorkerEvent>({ type: 'part.lost', run, part });
          // Another worker of this version could not read it either.
          return error instanceof DamagedPartError ? setAside(error, held) : throwError(() => error);
        }),
        finalize(() => void place?.clear().catch(() => {})),
      );
    return runOf(run).pipe(
      concatMap((opened) => {
        const place: Observable<PartFolder | null> =
          opened instanceof UsageError ? of(null) : defer(() => opened.openFolder());
        return concat(place.pipe(concatMap((one) => worked(opened, one))), of(null));
      }),
      takeWhile((event) => event !== null),
    );
  };
}

/** Returns the reason that this worker leaves a run to others, and the remedy. */
function reasonOf(opened: RunOfWorker | UsageError): string {
  return opened instanceof UsageError ? `${opened.message} ${opened.suggestion}`.trim() : '';
}
