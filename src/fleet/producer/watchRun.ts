import { concatMap, defer, distinctUntilChanged, map, type Observable, takeWhile, timer } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { UsageError } from '../../errors.ts';
import type { Database } from '../database/connection.ts';
import { createCall } from '../database/partCalls.ts';
import { WORKERS_HEARD } from '../engine/engine.ts';

/** Who works on a run. */
interface Crew {
  /** Workers that have parts of it. */
  readonly workers: number;
  /** Workers that are alive, if they have parts or not. */
  readonly liveWorkers: number;
  /**
   * Whole minutes since the last sign of any worker; null minutes: there never was one. Null: one
   * is alive, may just be starting, or is not waited for any more.
   */
  readonly silence: { readonly minutes: number | null } | null;
}

/** How far a run has come, by the counters of the database; money in millionths of a US dollar. */
export interface RunProgress extends Crew {
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
  /** When it was opened, ms since 1970, by the database's clock. */
  readonly begunAtMs: number;
}

export interface WatchRunConfig {
  /** Time between two looks. Default 1,000. */
  everyMs?: number;
}

/** Looks before which workers may just be starting, as the run is. */
const PATIENT_LOOKS = 5;

const PROGRESS = `
  WITH heard AS (${WORKERS_HEARD})
  SELECT r.state, r.reason, extract(epoch FROM r.begun_at) * 1000 AS begun_at_ms, r.total, r.reserved_micro_usd, r.spent_micro_usd,
    r.saved + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'saved') AS saved,
    r.failed + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'failed') AS failed,
    r.skipped + (SELECT count(*) FROM rx.job j WHERE j.run = r.id AND j.outcome IS NOT NULL AND j.state = 'skipped') AS skipped,
    (SELECT count(*) FROM rx.flight) AS in_flight,
    (SELECT count(DISTINCT owner) FROM rx.part p WHERE p.run = r.id AND p.state = 'taken') AS workers,
    (SELECT count(*) FROM heard WHERE live) AS live_workers,
    (SELECT extract(epoch FROM clock_timestamp()) * 1000 - max(heard) FROM heard) AS silent_ms
  FROM rx.run r WHERE r.id = $1`;

/**
 * Watches a run: emits how far it has come, each time that changes, until it is done or paused.
 * Waits for a database that does not respond, and for a worker if none is alive. Emits `UsageError`
 * if the run is forgotten.
 */
export function watchRun(
  { query }: Pick<Database, 'query'>,
  run: number,
  { everyMs = 1_000 }: WatchRunConfig = {},
): Observable<RunProgress> {
  const call = createCall(query);
  return timer(0, everyMs, monotonicScheduler).pipe(
    concatMap((look) => defer(() => call(PROGRESS, [run])).pipe(map((row) => ({ row, look })))),
    map(({ row, look }): RunProgress => {
      if (row.state === undefined) throw forgotten();
      const state = stateOf(row.state);
      return {
        state,
        reason: typeof row.reason === 'string' ? row.reason : null,
        total: Number(row.total),
        saved: Number(row.saved),
        failed: Number(row.failed),
        skipped: Number(row.skipped),
        reservedMicroUsd: Number(row.reserved_micro_usd),
        spentMicroUsd: Number(row.spent_micro_usd),
        inFlight: Number(row.in_flight),
        workers: Number(row.workers),
        liveWorkers: Number(row.live_workers),
        silence:
          Number(row.live_workers) > 0 || look < PATIENT_LOOKS || !isUnderWay(state)
            ? null
            : { minutes: minutesOf(row.silent_ms) },
        begunAtMs: Math.round(Number(row.begun_at_ms)),
      };
    }),
    distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
    takeWhile(({ state }) => isUnderWay(state), true),
  );
}

/** Whether it waits for workers. */
function isUnderWay(state: RunProgress['state']): boolean {
  return state === 'running' || state === 'loading';
}

function forgotten(): UsageError {
  return new UsageError('The run was forgotten meanwhile: the database has nothing of it any more.', {
    suggestion: 'Its saved images stay where they are. List the runs with `status`.',
  });
}

function minutesOf(ms: unknown): number | null {
  return ms === null ? null : Math.floor(Math.max(0, Number(ms)) / 60_000);
}

function stateOf(text: unknown): RunProgress['state'] {
  return text === 'loading' || text === 'paused' || text === 'done' ? text : 'running';
}
