import { defer, type Observable } from 'rxjs';
import type { Database } from '../database/connection.ts';
import { createTransaction, type PartOfRun } from '../database/partCalls.ts';
import type { Engine, HeldTask, TaskClaim } from '../engine/engine.ts';
import { type QueueName, waitingTask } from '../engine/tasks.ts';
import { countOutcomes, type EndedJob, packEnded } from '../packedOutcomes.ts';
import type { TakenPart } from '../part/takePart.ts';

/** The begin and the end of the work on a part: each in one transaction with its task. */
export interface PartEnds {
  /** Returns the claim by which this worker holds a task. */
  claimOf(held: HeldTask): TaskClaim;
  /** Stores the jobs of a part that is done. */
  finish(held: HeldTask, taken: TakenPart, jobs: readonly EndedJob[]): Observable<void>;
  /** Returns a part. If its run is paused, it has no task until the run is resumed. */
  giveBack(held: HeldTask, taken: PartOfRun, to: Return): Observable<void>;
  /** Ends the task of a part that was lost, if another task has it now. */
  drop(held: HeldTask, taken: PartOfRun): Observable<void>;
  /** Ends the task of a part that is done already. */
  forget(held: HeldTask): Observable<void>;
}

/** Where a part goes that is given back. */
export interface Return {
  readonly queue: QueueName;
  /** Why this worker cannot work on it: others may after `afterS`. Default: it can. */
  readonly refusal?: string;
  /** Time until another worker may take it. Default 0. */
  readonly afterS?: number;
}

/**
 * Creates the ends of a worker's parts. They are repeated for as long as the database does not
 * respond, and emit `ERR_FENCED` if another worker has the part.
 */
export function createPartEnds(
  database: Pick<Database, 'transaction'>,
  engine: Pick<Engine, 'claimOf' | 'complete' | 'send'>,
): PartEnds {
  const inTransaction = createTransaction(database);
  return {
    claimOf: engine.claimOf,
    finish: (held, { run, part, epoch }, jobs) =>
      defer(() => {
        // Before the transaction, which holds locks.
        const packed = packEnded(jobs);
        const counts = countOutcomes(jobs.map(({ outcome }) => outcome));
        const values = [run, part, epoch, JSON.stringify(counts), packed];
        return inTransaction(async (query) => {
          // First: `finish` locks the run, for which all others wait.
          await engine.complete(held, query);
          await query('SELECT rx_v1.finish($1, $2, $3, $4, $5)', values);
        });
      }),
    giveBack: (held, taken, { queue, afterS, refusal = null }) =>
      inTransaction(async (query) => {
        const { run, part, epoch } = taken;
        await engine.complete(held, query);
        const [returned] = await query('SELECT rx_v1.give_back($1, $2, $3, $4, $5) AS goes_on', [
          ...[run, part, epoch, queue, refusal],
        ]);
        if (returned?.goes_on === true) await engine.send(queue, [waitingTask(queue, taken)], query, afterS);
      }),
    drop: (held, { run, part, epoch }) =>
      inTransaction(async (query) => {
        const still = await query(
          "SELECT FROM rx.part WHERE run = $1 AND part = $2 AND epoch = $3 AND state = 'taken'",
          [run, part, epoch],
        );
        // Without its task, no worker would take it again.
        if (still.length === 0) await engine.complete(held, query);
      }),
    forget: (held) => inTransaction((query) => engine.complete(held, query)),
  };
}
