import { defer, type Observable } from 'rxjs';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { Outcome } from '../../types.ts';
import type { Database, Query } from '../database/connection.ts';
import { isTransient, toDatabaseError } from '../database/databaseErrors.ts';
import type { Engine, HeldTask } from '../engine/engine.ts';
import type { QueueName } from '../engine/tasks.ts';
import { countOutcomes, packOutcomes } from '../packedOutcomes.ts';
import type { TakenPart } from '../part/takePart.ts';

/** What ends the work on a part: each in one transaction with its task. */
export interface PartEnds {
  /** Stores the outcomes of a part that is done. */
  finish(held: HeldTask, taken: TakenPart, outcomes: readonly Outcome[]): Observable<void>;
  /** Returns a part; null leaves it without a task, until its run goes on. */
  giveBack(held: HeldTask, taken: TakenPart, to: Return | null): Observable<void>;
  /** Ends the task of a part that is done already. */
  forget(held: HeldTask): Observable<void>;
}

/** Where a part goes that is given back. */
export interface Return {
  readonly queue: QueueName;
  /** Time until another worker may take it. Default 0. */
  readonly afterS?: number;
}

const REPEATED = { retries: Number.POSITIVE_INFINITY, delayMs: 100, maxDelayMs: 5_000 };

/**
 * Creates the ends of a worker's parts. They are repeated for as long as the database does not
 * respond, and emit `ERR_FENCED` if another worker has the part.
 */
export function createPartEnds(
  database: Pick<Database, 'transaction'>,
  engine: Pick<Engine, 'complete' | 'send'>,
): PartEnds {
  const inTransaction = (work: (query: Query) => Promise<void>): Observable<void> =>
    defer(() =>
      database.transaction(work).catch((error: unknown) => {
        throw isTransient(error) ? error : toDatabaseError(error);
      }),
    ).pipe(retryBackoff({ ...REPEATED, shouldRetry: isTransient }));
  return {
    finish: (held, { run, part, epoch }, outcomes) =>
      inTransaction(async (query) => {
        const packed = await packOutcomes(outcomes);
        const values = [run, part, epoch, JSON.stringify(countOutcomes(outcomes)), packed];
        await query('SELECT rx_v1.finish($1, $2, $3, $4, $5)', values);
        await engine.complete(held, query);
      }),
    giveBack: (held, { run, part, epoch }, to) =>
      inTransaction(async (query) => {
        await query('SELECT rx_v1.give_back($1, $2, $3)', [run, part, epoch]);
        await engine.complete(held, query);
        if (to === null) return;
        const task = { run, part, epoch, ...(to.queue === 'rescue' && { isGivenBack: true }) };
        await engine.send(to.queue, [task], query, to.afterS);
      }),
    forget: (held) => inTransaction((query) => engine.complete(held, query)),
  };
}
