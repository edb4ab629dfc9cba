import {
  concat,
  defer,
  EMPTY,
  filter,
  from,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  throwError,
} from 'rxjs';
import { ProviderError, RxposureError, StorageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';
import type { Database } from '../database/connection.ts';
import type { PartOfRun } from '../database/partCalls.ts';
import { createRunCalls } from '../database/runCalls.ts';
import type { HeldTask } from '../engine/engine.ts';
import type { QueueName } from '../engine/tasks.ts';
import { countOutcomes, type OutcomeCounts } from '../packedOutcomes.ts';
import type { FreshGrants } from '../part/freshGrants.ts';
import type { DamagedPartError } from '../part/takePart.ts';
import type { PartEnds, Return } from './endPart.ts';
import type { PartFolder } from './partFolder.ts';
import type { PartInHand } from './partsInHand.ts';
import { hasInFlight } from './stopping.ts';

/** A part, in the events of a worker. */
interface PartNamed {
  readonly run: number;
  readonly part: number;
}

/** An event of a worker. */
export type WorkerEvent =
  /** It has a part, with so many jobs left. A rescue is one that another worker had. */
  | ({
      readonly type: 'part.taken';
      readonly jobs: number;
      readonly isRescue: boolean;
      readonly deaths: number;
    } & PartNamed)
  | ({ readonly type: 'part.finished' } & OutcomeCounts & PartNamed)
  /** The rest of it waits for another worker, or until its run is resumed. */
  | ({ readonly type: 'part.returned'; readonly reason: string } & PartNamed)
  /** Another worker has it. */
  | ({ readonly type: 'part.lost' } & PartNamed)
  /** The service refuses everything: the run waits until its command resumes it. */
  | { readonly type: 'run.paused'; readonly run: number; readonly reason: string };

/** A part that this worker has, and where its files are. */
export interface PlacedPart extends PartInHand, Pick<FreshGrants, 'lastGrantMs'> {
  readonly place: Pick<PartFolder, 'refusal'>;
}

/** The ways in which the work on a part is over. */
export interface Settler {
  /** Leaves a part to others. */
  giveBack(held: HeldTask, taken: PartOfRun, to: Return, reason: string): Observable<WorkerEvent>;
  /** Leaves a part to others that this worker cannot work on; it comes back some time later. */
  refuse(held: HeldTask, taken: PartOfRun, queue: QueueName, refusal: string): Observable<WorkerEvent>;
  /** Ends a part after its jobs: finished, or with some that are left to others. */
  settle(held: HeldTask, part: PlacedPart): Observable<WorkerEvent>;
  /** Ends a part whose jobs an error has ended; emits it if the whole worker must end. */
  end(error: unknown, held: HeldTask, part: PlacedPart): Observable<WorkerEvent>;
  /** Pauses the run of a part that cannot be read, which no worker can end. */
  setAside(error: DamagedPartError, held: HeldTask): Observable<WorkerEvent>;
}

/** A part that this worker must leave to others comes back after this time. */
const LEFT_S = 30;

/** Creates the ends of a worker's parts, as events. */
export function createSettler({
  database,
  ends,
}: {
  readonly database: Database;
  readonly ends: PartEnds;
}): Settler {
  const giveBack: Settler['giveBack'] = (held, taken, to, reason) =>
    ends
      .giveBack(held, taken, to)
      .pipe(map((): WorkerEvent => ({ type: 'part.returned', run: taken.run, part: taken.part, reason })));
  const refuse: Settler['refuse'] = (held, taken, queue, refusal) =>
    giveBack(held, taken, { queue, afterS: LEFT_S, refusal }, refusal);
  const settle: Settler['settle'] = (held, { taken, journal, place }) => {
    const { run, part, plans } = taken;
    const outcomes = plans.map(({ index }) => journal.outcomeOf(index));
    if (outcomes.every((outcome): outcome is Outcome => outcome !== null)) {
      const finished = (): WorkerEvent => ({ type: 'part.finished', run, part, ...countOutcomes(outcomes) });
      const jobs = outcomes.map((outcome) => ({ outcome, open: journal.openRowOf(outcome.index) }));
      return ends.finish(held, taken, jobs).pipe(map(finished));
    }
    const left = outcomes.filter((outcome) => outcome === null).length;
    const queue = queueOf({ taken, journal });
    const refused = plans.map(({ index }) => place.refusal(index)).find((reason) => reason !== null);
    // Another worker may have credentials, or the bucket be there again by then.
    return refused === undefined
      ? giveBack(held, taken, { queue }, `${left} jobs are left`)
      : refuse(held, taken, queue, refused);
  };
  /** Pauses a run, because of a request that was granted then; null: it does not matter. */
  const pause = (run: number, reason: string, grantedAtMs: number | null): Observable<WorkerEvent> =>
    createRunCalls(database)
      .pause(run, reason, grantedAtMs)
      .pipe(
        filter((isPaused) => isPaused),
        map(() => ({ type: 'run.paused', run, reason })),
      );
  return {
    giveBack,
    refuse,
    settle,
    setAside: ({ taken, message }, held) =>
      concat(pause(taken.run, message, null), giveBack(held, taken, { queue: held.queue }, message)),
    end(error, held, part) {
      const { taken, journal } = part;
      const { run } = taken;
      if (isFenced(error)) {
        return ends
          .drop(held, taken)
          .pipe(map((): WorkerEvent => ({ type: 'part.lost', run, part: taken.part })));
      }
      if (error instanceof ProviderError && error.stopsRun) {
        const reason = error.message;
        const sinceMs = part.lastGrantMs() ?? taken.takenAtMs;
        const paused = error.code === 'ERR_RUN_PAUSED' ? EMPTY : pause(run, reason, sinceMs);
        const returned = defer(() => giveBack(held, taken, { queue: queueOf(part) }, reason));
        return concat(
          journal.idle(),
          paused,
          defer(() => freeUnused(part)),
          returned,
        );
      }
      const thrown = throwError(() => error);
      // The disk of this machine: another one may have room. A fault of the program is a death.
      if (error instanceof StorageError) return concat(journal.idle(), settle(held, part), thrown);
      return thrown;
    },
  };
}

/**
 * Frees the slots that jobs hold for their next attempt, which waits until the run is resumed:
 * others of the account need them.
 */
function freeUnused({ taken, journal }: Pick<PartInHand, 'taken' | 'journal'>): Observable<never> {
  const open = journal.openIndexes();
  const unused = taken.plans.filter(({ index }) => !open.has(index));
  return from(unused).pipe(
    mergeMap(({ index }) => journal.release(index)),
    ignoreElements(),
  );
}

/** The queue of a part that is given back: jobs in flight must not wait. */
function queueOf(part: Pick<PartInHand, 'taken' | 'journal'>): Return['queue'] {
  return hasInFlight(part) ? 'rescue' : 'parts';
}

/** Returns true if another worker has the part by now. */
export function isFenced(error: unknown): boolean {
  return error instanceof RxposureError && error.code === 'ERR_FENCED';
}
