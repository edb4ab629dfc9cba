import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import { type Database, WHOLE_RUN_MS } from './connection.ts';
import { createCall, type PartCallsConfig } from './partCalls.ts';

/** The limits of the account, for all runs and machines together. */
export interface AccountLimits {
  /** Create requests in any minute, at most. */
  readonly perMinute: number;
  /** Of those, how many at once after a pause: as in `createTokenBucket`. */
  readonly burst: number;
  /** Predictions in flight. */
  readonly slots: number;
  /** False if the pace is a default: then that of the account stays. Default true. */
  readonly hasRate?: boolean;
  /** False if the slots are a default: then those of the account stay. Default true. */
  readonly hasSlots?: boolean;
}

/** A run to open. */
export interface RunToOpen {
  /** Identifies it for those who look at it again. */
  readonly name: string;
  /** Hash of everything that its plans follow from: the same name with another one is refused. */
  readonly fingerprint: string;
  /** Without secrets. */
  readonly settings: object;
  readonly planFormat: number;
  /** Null: none, or that of before. */
  readonly limitMicroUsd: number | null;
  /** Number of its jobs. */
  readonly total: number;
}

/** A run in the database. */
export interface OpenedRun {
  readonly run: number;
  readonly state: 'loading' | 'running' | 'paused' | 'done';
  /** Parts that are loaded: the first ones. */
  readonly parts: number;
}

/**
 * The calls of those that open and load runs. Each is idempotent, and repeated for as long as the
 * database does not respond.
 */
export interface RunCalls {
  /** Opens the account, or changes those of its limits that were given. */
  setAccount(limits: AccountLimits): Observable<void>;
  /** Opens a run, or finds it by its name. Emits `UsageError` if that has another input. */
  open(run: RunToOpen): Observable<OpenedRun>;
  /** Starts a run that is loaded, or resumes one that was paused. */
  start(run: number): Observable<void>;
  /**
   * Pauses a run, which the service refuses: `reason` is for people. Emits false if the run
   * continues, because it was resumed after the moment at which the refused request was granted, ms
   * since 1970 by the database's clock.
   */
  pause(run: number, reason: string, grantedAtMs: number | null): Observable<boolean>;
  /** Notes that all outcomes of a run are in its folder. */
  imported(run: number): Observable<void>;
  /** Deletes a run with its plans and outcomes. */
  forget(run: number): Observable<void>;
}

const openedSchema = z.object({
  run: z.coerce.number(),
  state: z.enum(['loading', 'running', 'paused', 'done']),
  parts: z.int(),
});

/** Creates the calls about runs. */
export function createRunCalls({ query }: Pick<Database, 'query'>, config: PartCallsConfig = {}): RunCalls {
  const call = createCall(query, config);
  const done = (sql: string, values: readonly unknown[], longestMs?: number) =>
    call(sql, values, longestMs).pipe(map(() => undefined));
  return {
    setAccount: ({ perMinute, burst, slots, hasRate = true, hasSlots = true }) =>
      done('SELECT rx_v1.set_account($1, $2, $3, $4, $5)', [perMinute, burst, slots, hasRate, hasSlots]),
    open: ({ name, fingerprint, settings, planFormat, limitMicroUsd, total }) =>
      call('SELECT * FROM rx_v1.open_run($1, $2, $3, $4, $5, $6)', [
        ...[name, fingerprint, JSON.stringify(settings), planFormat, limitMicroUsd, total],
      ]).pipe(map((row) => openedSchema.parse(row))),
    start: (run) => done('SELECT rx_v1.start($1)', [run]),
    pause: (run, reason, grantedAtMs) =>
      call('SELECT rx_v1.pause($1, $2, $3) AS waits', [run, reason, grantedAtMs]).pipe(
        map(({ waits }) => waits === true),
      ),
    imported: (run) => done('SELECT rx_v1.imported($1)', [run]),
    forget: (run) => done('SELECT rx_v1.forget($1)', [run], WHOLE_RUN_MS),
  };
}
