import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  ReplaySubject,
  share,
  takeUntil,
  takeWhile,
  tap,
  throwError,
} from 'rxjs';
import { ProviderError, RxposureError, StorageError, UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import { createPartCalls } from '../database/partCalls.ts';
import { createRunCalls } from '../database/runCalls.ts';
import type { HeldTask } from '../engine/engine.ts';
import { countOutcomes, type OutcomeCounts } from '../packedOutcomes.ts';
import { createFreshGrants } from '../part/freshGrants.ts';
import { createPartJournal } from '../part/partJournal.ts';
import { type TakenPart, takePart } from '../part/takePart.ts';
import type { PartEnds, Return } from './endPart.ts';
import type { PartFolder } from './partFolder.ts';
import type { PartInHand, PartsInHand } from './partsInHand.ts';
import { openRunOfWorker, type RunOfWorker, type RunOfWorkerConfig } from './runOfWorker.ts';
import { runPart } from './runPart.ts';
import { hasInFlight, untilStopped, whenAtRest } from './stopping.ts';

/** A part, in the events of a worker. */
interface PartNamed {
  readonly run: number;
  readonly part: number;
}

/** What happens on a worker. */
export type WorkerEvent =
  /** It has a part, with so many jobs; a rescue has those in flight alone. */
  | ({
      readonly type: 'part.taken';
      readonly jobs: number;
      readonly isRescue: boolean;
      readonly deaths: number;
    } & PartNamed)
  | ({ readonly type: 'part.finished' } & OutcomeCounts & PartNamed)
  /** The rest of it waits for another worker, or for its run to go on. */
  | ({ readonly type: 'part.returned'; readonly reason: string } & PartNamed)
  /** Another worker has it. */
  | ({ readonly type: 'part.lost' } & PartNamed)
  /** The service refuses everything: the run waits until somebody lets it go on. */
  | { readonly type: 'run.paused'; readonly run: number; readonly reason: string };

export interface HandlerConfig extends RunOfWorkerConfig {
  database: Database;
  name: string;
  parts: PartsInHand;
  ends: PartEnds;
  /** Begins no further job once it emits. */
  stop: Observable<unknown>;
  /** Gives back what is in flight once it emits. */
  leave: Observable<unknown>;
}

/**
 * Works on one task; `lost` emits once another worker has it. Calls `onStarted` when its jobs count
 * among those that wait for their first create request.
 */
export type Handler = (
  held: HeldTask,
  lost: Observable<unknown>,
  onStarted: () => void,
) => Observable<WorkerEvent>;

/** A part of a run that this worker must leave to others comes back after this time. */
const LEFT_S = 30;

/** Creates what works on the tasks of a worker. Its errors are those of the whole worker. */
export function createHandler(config: HandlerConfig): Handler {
  const { database, name, parts, ends, stop, leave, gates } = config;
  const runOf = createRuns(config);

  const giveBack = (held: HeldTask, taken: TakenPart, to: Return | null, reason: string) =>
    ends
      .giveBack(held, taken, to)
      .pipe(map((): WorkerEvent => ({ type: 'part.returned', run: taken.run, part: taken.part, reason })));

  /** Ends a part after its jobs: finished, or with some that are left to others. */
  const settle = (
    held: HeldTask,
    { taken, journal }: PartInHand,
    place: PartFolder,
  ): Observable<WorkerEvent> => {
    const { run, part, plans } = taken;
    const outcomes = plans.map(({ index }) => journal.outcomeOf(index));
    if (outcomes.every((outcome): outcome is Outcome => outcome !== null)) {
      const finished = (): WorkerEvent => ({ type: 'part.finished', run, part, ...countOutcomes(outcomes) });
      const jobs = outcomes.map((outcome) => ({ outcome, open: journal.openRowOf(outcome.index) }));
      return ends.finish(held, taken, jobs).pipe(map(finished));
    }
    const left = outcomes.filter((outcome) => outcome === null).length;
    const queue = hasInFlight({ taken, journal }) ? 'rescue' : 'parts';
    const refused = plans.map(({ index }) => place.refusal(index)).find((reason) => reason !== null);
    // Another worker may have credentials, or the bucket be there again by then.
    return refused === undefined
      ? giveBack(held, taken, { queue }, `${left} jobs are left`)
      : giveBack(held, taken, { queue, afterS: LEFT_S }, refused);
  };

  /** Ends a part whose jobs an error has ended. */
  const end = (
    error: unknown,
    held: HeldTask,
    part: PartInHand,
    place: PartFolder,
  ): Observable<WorkerEvent> => {
    const { taken, journal } = part;
    const { run } = taken;
    if (isFenced(error)) return of({ type: 'part.lost', run, part: taken.part });
    if (error instanceof ProviderError && error.stopsRun) {
      const reason = error.message;
      const paused: Observable<WorkerEvent> =
        error.code === 'ERR_RUN_PAUSED'
          ? EMPTY
          : createRunCalls(database)
              .pause(run, reason)
              .pipe(map(() => ({ type: 'run.paused', run, reason })));
      return concat(journal.idle(), paused, giveBack(held, taken, null, reason));
    }
    const thrown = throwError(() => error);
    // The disk of this machine: another one may have room. A fault of the program is a death.
    if (error instanceof StorageError) return concat(journal.idle(), settle(held, part, place), thrown);
    return thrown;
  };

  const handlePart = (
    held: HeldTask,
    taken: TakenPart,
    { opened, place }: { readonly opened: RunOfWorker; readonly place: PartFolder },
    { lost, onStarted }: { lost: Observable<unknown>; onStarted: () => void },
  ): Observable<WorkerEvent> => {
    const { run, part } = taken;
    const isRescue = held.queue === 'rescue';
    const { calls, mayStillSend } = createFreshGrants(createPartCalls(database, taken));
    const { holdMs } = opened;
    const own = createPartJournal({ calls, folder: place.path, jobs: taken.jobs, holdMs, line: gates.line });
    const { record } = untilStopped(own, stop);
    const journal = { ...own, record: place.over(record), mayStillSend };
    const inHand: PartInHand = { taken, calls, journal };
    let isLost = false;
    return defer(() => {
      const remove = parts.add(inHand, isRescue);
      opened.claims.know(journal.knownPredictionIds());
      onStarted();
      const mark = async (index: number) => {
        await database.query('SELECT rx_v1.mark($1, $2, $3, $4)', [run, part, taken.epoch, index]);
      };
      const isOver = lost.pipe(
        tap(() => {
          isLost = true;
        }),
      );
      const jobs = runPart({ ...inHand, run: opened, place, isRescue, mark, stop }).pipe(
        takeUntil(merge(isOver, leave, whenAtRest(inHand, stop))),
        ignoreElements(),
      );
      const after = defer(() =>
        isLost
          ? of<WorkerEvent>({ type: 'part.lost', run, part })
          : concat(
              journal.idle(),
              defer(() => settle(held, inHand, place)),
            ),
      );
      const { deaths, plans } = taken;
      return concat(
        of<WorkerEvent>({ type: 'part.taken', run, part, jobs: plans.length, isRescue, deaths }),
        concat(jobs, after).pipe(catchError((error: unknown) => end(error, held, inHand, place))),
      ).pipe(finalize(remove));
    });
  };

  return (held, lost, onStarted) => {
    const { run, part, isGivenBack = false } = held.task;
    // Its last owner gave it back, or has died: then a rescue that comes again has died as well.
    const afterDeath = held.queue === 'rescue' && (!isGivenBack || held.retryCount > 0);
    const worked = (opened: RunOfWorker | UsageError, place: PartFolder | null) =>
      takePart(database, { run, part, owner: name, afterDeath, folder: place?.path ?? '/' }).pipe(
        concatMap((taken): Observable<WorkerEvent> => {
          if (taken === null) return ends.forget(held).pipe(ignoreElements());
          if (opened instanceof UsageError || place === null) {
            return giveBack(held, taken, { queue: held.queue, afterS: LEFT_S }, reasonOf(opened));
          }
          if (taken.isPaused) return giveBack(held, taken, null, 'the run is paused');
          return handlePart(held, taken, { opened, place }, { lost, onStarted });
        }),
        catchError((error: unknown) =>
          isFenced(error) ? of<WorkerEvent>({ type: 'part.lost', run, part }) : throwError(() => error),
        ),
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

/** Says why this worker leaves a run to others, and what would help. */
function reasonOf(opened: RunOfWorker | UsageError): string {
  return opened instanceof UsageError ? `${opened.message} ${opened.suggestion}`.trim() : '';
}

/** Shares each run between its parts: it is open for as long as this worker has one of them. */
function createRuns(config: HandlerConfig): (run: number) => Observable<RunOfWorker | UsageError> {
  const runs = new Map<number, Observable<RunOfWorker | UsageError>>();
  const open = (run: number) =>
    defer(() => openRunOfWorker(config.database, run, config.parts, config)).pipe(
      concatMap((opened) =>
        concat(of(opened), NEVER).pipe(finalize(() => void opened.close().catch(() => {}))),
      ),
      catchError((error: unknown) => (error instanceof UsageError ? of(error) : throwError(() => error))),
      finalize(() => runs.delete(run)),
      share({ connector: () => new ReplaySubject(1), resetOnRefCountZero: true }),
    );
  return (run) => {
    const opened = runs.get(run) ?? open(run);
    runs.set(run, opened);
    return opened;
  };
}

function isFenced(error: unknown): boolean {
  return error instanceof RxposureError && error.code === 'ERR_FENCED';
}
