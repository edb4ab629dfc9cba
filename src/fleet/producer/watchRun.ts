import { concatMap, defer, distinctUntilChanged, map, type Observable, takeWhile, timer } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Database } from '../database/connection.ts';
import { createCall } from '../database/partCalls.ts';

/** How far a run has come, by the counters of the database; money in millionths of a US dollar. */
export interface RunProgress {
  readonly state: 'loading' | 'running' | 'paused' | 'done';
  /** Why it is paused; null: it is not. */
  readonly reason: string | null;
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
  /** Predictions in flight of all runs of the account. */
  readonly inFlight: number;
  /** Workers that have parts of the run. */
  readonly workers: number;
  /** When it was opened, ms since 1970, by the database's clock. */
  readonly begunAtMs: number;
}

const EVERY_MS = 1_000;

const PROGRESS = `
  SELECT r.state, r.reason, extract(epoch FROM r.begun_at) * 1000 AS begun_at_ms, r.total, r.reserved_micro_usd, r.spent_micro_usd,
    r.saved + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'saved') AS saved,
    r.failed + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'failed') AS failed,
    r.skipped + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'skipped') AS skipped,
    (SELECT count(*) FROM rx.flight) AS in_flight,
    (SELECT count(DISTINCT owner) FROM rx.part p WHERE p.run = r.id AND p.state = 'taken') AS workers
  FROM rx.run r WHERE r.id = $1`;

/**
 * Watches a run: emits how far it has come, each time that changes, until it is done or paused.
 * Waits for a database that does not respond.
 */
export function watchRun({ query }: Pick<Database, 'query'>, run: number): Observable<RunProgress> {
  const call = createCall(query);
  return timer(0, EVERY_MS, monotonicScheduler).pipe(
    concatMap(() => defer(() => call(PROGRESS, [run]))),
    map(
      (row): RunProgress => ({
        state: stateOf(row.state),
        reason: typeof row.reason === 'string' ? row.reason : null,
        total: Number(row.total),
        saved: Number(row.saved),
        failed: Number(row.failed),
        skipped: Number(row.skipped),
        reservedMicroUsd: Number(row.reserved_micro_usd),
        spentMicroUsd: Number(row.spent_micro_usd),
        inFlight: Number(row.in_flight),
        workers: Number(row.workers),
        begunAtMs: Math.round(Number(row.begun_at_ms)),
      }),
    ),
    distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
    takeWhile(({ state }) => state === 'running' || state === 'loading', true),
  );
}

function stateOf(text: unknown): RunProgress['state'] {
  return text === 'loading' || text === 'paused' || text === 'done' ? text : 'running';
}
