import { catchError, defer, map, type Observable, type SchedulerLike, throwError } from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { Database, Query, Row } from './connection.ts';
import { fenced, isTransient, toDatabaseError } from './databaseErrors.ts';

/** A part of a run in the hands of a worker. */
export interface PartOfRun {
  readonly run: number;
  readonly part: number;
  /** Counts who has had it: calls with an older one are refused (`ERR_FENCED`). */
  readonly epoch: number;
}

/** An attempt that asks to be admitted. */
export interface Asking {
  readonly index: number;
  /** Number of the entry among those of the job. */
  readonly seq: number;
  readonly attempt: number;
  readonly key: string;
  /** Expected price; null: not known. */
  readonly priceMicroUsd: number | null;
  /** The request, as JSON; null: the plan's own. */
  readonly request: string | null;
  readonly cancelAfterMs: number | null;
  /** Time after which its prediction has certainly ended: its slot is free then, at the latest. */
  readonly holdMs: number;
}

/** The answer to an attempt that asks to be admitted. */
export type Admission =
  /** It may be sent; the moment is that of the database's clock, ms since 1970. */
  | { readonly verdict: 'granted'; readonly atMs: number }
  /** Ask again then: the service is closed, all slots are taken, or the pace is used up. */
  | { readonly verdict: 'wait'; readonly waitMs: number; readonly reason: 'closed' | 'slots' | 'rate' }
  | { readonly verdict: 'budget' }
  | { readonly verdict: 'paused'; readonly reason: string };

/** A job as it is after an entry. */
export interface Noting {
  readonly index: number;
  readonly seq: number;
  /** The row of the table `job`. */
  readonly job: Row;
  /** Prediction that is claimed with it; null: none. */
  readonly claim: string | null;
  readonly freesSlot: boolean;
}

/**
 * The calls of a worker about one of its parts. Each is one short transaction, and idempotent: it
 * is repeated for as long as the database does not respond. They emit `StorageError`: `ERR_FENCED`
 * once another worker has the part, `ERR_DATABASE` if the database refuses.
 */
export interface PartCalls {
  begin(asking: Asking): Observable<Admission>;
  /** Emits false if the prediction belongs to another attempt. */
  claim(index: number, attempt: number, id: string): Observable<boolean>;
  note(noting: Noting): Observable<'noted' | 'claimed'>;
  /** Notes the job that is run alone: if this worker dies, it died on that. */
  mark(index: number): Observable<void>;
  /** Frees the slot of an attempt whose prediction is final. */
  release(index: number, attempt: number): Observable<void>;
  /** Emits once it is certain that the part was the caller's at that moment. */
  expectOwn(): Observable<void>;
}

export interface PartCallsConfig {
  /** 0…1, for the jitter of repeated calls. Default Math.random. */
  random?: () => number;
  /** Clock of the waits between repeated calls. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

const admissionSchema = z.discriminatedUnion('verdict', [
  z
    .object({ verdict: z.literal('granted'), at_ms: z.number() })
    .transform(({ verdict, at_ms }) => ({ verdict, atMs: at_ms })),
  z
    .object({ verdict: z.literal('wait'), wait_ms: z.int(), reason: z.enum(['closed', 'slots', 'rate']) })
    .transform(({ verdict, wait_ms, reason }) => ({ verdict, waitMs: wait_ms, reason })),
  z.object({ verdict: z.literal('budget') }),
  z.object({ verdict: z.literal('paused'), reason: z.string().nullable().transform(String) }),
]);

/** Creates the calls about a part that a worker has taken. */
export function createPartCalls(
  { query }: Pick<Database, 'query'>,
  { run, part, epoch }: PartOfRun,
  config: PartCallsConfig = {},
): PartCalls {
  const call = createCall(query, config);
  const own = [run, part, epoch];
  return {
    begin: ({ index, seq, attempt, key, priceMicroUsd, request, cancelAfterMs, holdMs }) =>
      call('SELECT * FROM rx_v1.begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
        ...own,
        ...[index, seq, attempt, key, priceMicroUsd, request, cancelAfterMs, holdMs],
      ]).pipe(map((row) => admissionSchema.parse(row))),
    claim: (index, attempt, id) =>
      call('SELECT rx_v1.claim($1, $2, $3, $4, $5, $6) AS taken', [...own, index, attempt, id]).pipe(
        map(({ taken }) => taken === true),
      ),
    note: ({ index, seq, job, claim, freesSlot }) =>
      call('SELECT rx_v1.note($1, $2, $3, $4, $5, $6, $7, $8) AS verdict', [
        ...own,
        ...[index, seq, JSON.stringify(job), claim, freesSlot],
      ]).pipe(map(({ verdict }) => (verdict === 'claimed' ? verdict : 'noted'))),
    mark: (index) => call('SELECT rx_v1.mark($1, $2, $3, $4)', [...own, index]).pipe(map(() => undefined)),
    release: (index, attempt) =>
      call('SELECT rx_v1.release($1, $2, $3)', [run, index, attempt]).pipe(map(() => undefined)),
    expectOwn: () =>
      call(
        `SELECT epoch = $3 AND state = 'taken' AS own FROM rx.part WHERE run = $1 AND part = $2`,
        own,
      ).pipe(
        map(({ own: isOwn }) => {
          if (isOwn !== true) throw fenced(null);
        }),
      ),
  };
}

/** A call whose response is lost is repeated within this time, however often. */
const REPEATED = { retries: Number.POSITIVE_INFINITY, delayMs: 100, maxDelayMs: 5_000 };

/** A statement of which the first row matters; see `Query`. */
export type Call = (sql: string, values: readonly unknown[], longestMs?: number) => Observable<Row>;

/** Returns a call that emits one row, `{}` for none, repeated until the database responds. */
export function createCall(
  query: Database['query'],
  { random = Math.random, scheduler = monotonicScheduler }: PartCallsConfig = {},
): Call {
  return (sql, values, longestMs) =>
    createRead(query, { random, scheduler })(sql, values, longestMs).pipe(map(([row]) => row ?? {}));
}

/** Returns a statement that emits its rows, repeated until the database responds. */
export function createRead(
  query: Database['query'],
  { random = Math.random, scheduler = monotonicScheduler }: PartCallsConfig = {},
): (sql: string, values: readonly unknown[], longestMs?: number) => Observable<readonly Row[]> {
  return (sql, values, longestMs) =>
    defer(() => query(sql, values, longestMs)).pipe(
      retryBackoff({ ...REPEATED, shouldRetry: isTransient, random, scheduler }),
      catchError((error: unknown) => throwError(() => toDatabaseError(error))),
    );
}

/** Returns a transaction that is repeated until the database responds; its work must allow that. */
export function createTransaction({
  transaction,
}: Pick<Database, 'transaction'>): (work: (query: Query) => Promise<void>) => Observable<void> {
  return (work) =>
    defer(() => transaction(work)).pipe(
      retryBackoff({ ...REPEATED, shouldRetry: isTransient }),
      catchError((error: unknown) => throwError(() => toDatabaseError(error))),
    );
}
