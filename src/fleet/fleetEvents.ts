import {
  auditTime,
  buffer,
  concatMap,
  connect,
  defer,
  filter,
  from,
  type MonoTypeOperatorFunction,
  type Observable,
  ReplaySubject,
  type SchedulerLike,
  share,
  timer,
} from 'rxjs';
import { z } from 'zod';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { PredictionEvents } from '../ports.ts';
import { createRecentIds } from '../providers/replicate/webhookEvents.ts';
import type { PredictionEvent } from '../types.ts';
import type { Database } from './database/connection.ts';
import { listen } from './database/listen.ts';

const CHANNEL = 'rx_webhook';

/**
 * Stores a webhook, and notifies the workers that listen; repeats change nothing. Rejects with
 * PostgreSQL's error at once, so that the service sends it again.
 */
export async function storeEvent({ query }: Pick<Database, 'query'>, event: PredictionEvent): Promise<void> {
  await query('SELECT rx_v1.hear($1, $2)', [event.prediction.id, JSON.stringify(event)]);
}

export interface FleetEventsConfig {
  database: Pick<Database, 'query'>;
  /** Address of the database, for the connection that listens. */
  url: string;
  /** Name of this process for the database's own views. */
  name: string;
  /** 0…1, for the jitter of waits between connections. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** Webhooks that come together are read together. */
const TOGETHER_MS = 20;
/** Events for a new subscriber: a quick prediction may end before the response to its request. */
const REPLAYED = { count: 100, ms: 5_000 };
/** Far more than come in the seconds that a look goes back. */
const REMEMBERED = 10_000;
/** So long a connection stays open that no job listens to. */
const IDLE_MS = 30_000;

/** Those that came while there was no connection. */
const RECENT = `SELECT event FROM rx.webhook WHERE received_at > clock_timestamp() - interval '10 seconds'`;
const NAMED = 'SELECT event FROM rx.webhook WHERE prediction_id = ANY($1)';

/**
 * Returns the events of webhooks that a process of `rxposure hooks` has stored: hot, shared by all
 * jobs of a worker, over one connection that is open while a job listens. A broken connection is
 * opened again, and webhooks that were missed meanwhile are read. Never emits an error: the list
 * stays behind.
 */
export function createFleetEvents(config: FleetEventsConfig): PredictionEvents['events'] {
  const { database, url, name, random = Math.random, scheduler = monotonicScheduler } = config;
  return listen({ url, channel: CHANNEL, name }).pipe(
    connect((heard) => heard.pipe(buffer(heard.pipe(auditTime(TOGETHER_MS, scheduler))))),
    concatMap((ids) => readEvents(database, ids)),
    onceEach(),
    retryBackoff({
      retries: Number.POSITIVE_INFINITY,
      delayMs: 500,
      maxDelayMs: 10_000,
      resetOnSuccess: true,
      random,
      scheduler,
    }),
    share({
      connector: () => new ReplaySubject<PredictionEvent>(REPLAYED.count, REPLAYED.ms),
      resetOnRefCountZero: () => timer(IDLE_MS, scheduler),
    }),
  );
}

/** A notification and the read of missed webhooks may bring the same event. */
function onceEach(): MonoTypeOperatorFunction<PredictionEvent> {
  return (source) =>
    defer(() => {
      const seen = createRecentIds(REMEMBERED);
      return source.pipe(filter(({ prediction }) => seen.add(`${prediction.id} ${prediction.status}`)));
    });
}

const eventSchema = z.custom<PredictionEvent>((value) => shape.safeParse(value).success);
const shape = z.object({
  prediction: z.looseObject({ id: z.string(), status: z.string() }),
  query: z.record(z.string(), z.string()),
});

/** Reads the events of some predictions; null among them stands for those of the last moments. */
function readEvents(
  { query }: Pick<Database, 'query'>,
  ids: readonly (string | null)[],
): Observable<PredictionEvent> {
  const read = ids.includes(null) ? query(RECENT) : query(NAMED, [ids]);
  return from(read).pipe(
    concatMap((rows) => rows.map(({ event }) => eventSchema.parse(JSON.parse(String(event))))),
  );
}
