import { defer, EMPTY, map, mergeMap, of, ReplaySubject, type SchedulerLike, timer } from 'rxjs';
import type { PredictionEvents } from '../ports.ts';
import type { Prediction, PredictionPage, PredictionRequest } from '../types.ts';
import { aPrediction } from './aPlan.ts';
import type { FakeCourse, FakeProviderConfig } from './fakeAnswer.ts';

/** A prediction of a fake provider; its state follows from the time alone. */
export interface FakePrediction {
  readonly id: string;
  readonly request: PredictionRequest;
  readonly course: FakeCourse;
  readonly createdAtMs: number;
  readonly durationMs: number;
  readonly webhookUrl: string | undefined;
  /** Time of its cancellation; null if there was none before its end. */
  canceledAtMs: number | null;
}

/** The counts of a fake provider; the names are those of the simulator. */
export interface FakeStats {
  /** Calls by kind, refused ones included. */
  readonly requests: Readonly<Record<'create' | 'get' | 'list' | 'cancel' | 'model', number>>;
  /** Create requests refused with 429. */
  readonly refused429: number;
  /** Predictions made, those of lost responses included. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly aborted: number;
  /** Predictions that are not final yet. */
  readonly inFlight: number;
  /** The most predictions that were in flight at once. */
  readonly maxInFlight: number;
  /** Everything that has to be paid, in millionths of a US dollar. */
  readonly billedMicroUsd: number;
}

/** The predictions that a fake provider has made. */
interface FakePredictions {
  make(request: PredictionRequest, course: FakeCourse, webhookUrl: string | undefined): FakePrediction;
  find(id: string): FakePrediction | undefined;
  /** Ends it now, unless it has ended. */
  cancel(one: FakePrediction): void;
  stateOf(one: FakePrediction): Prediction;
  states(): Prediction[];
  list(query: { readonly createdAfterMs: number; readonly next?: string }): PredictionPage;
  stats(priceMicroUsd: number): Omit<FakeStats, 'requests' | 'refused429'>;
  webhooks(scheduler: SchedulerLike): PredictionEvents;
}

const HOUR_MS = 3_600_000;

/** Creates the memory of a fake provider; `now` returns ms since 1970 by its clock. */
export function createFakePredictions(config: FakeProviderConfig, now: () => number): FakePredictions {
  const { durationMs: usualMs = 1_000, listLagMs = 0, pageSize = 100 } = config;
  const { outputLifetimeMs = HOUR_MS, idOf = (index) => `p${index}` } = config;
  const all: FakePrediction[] = [];
  const made = new ReplaySubject<FakePrediction>();
  const stateOf = (one: FakePrediction) => stateAt(one, now(), outputLifetimeMs);
  const states = () => all.map(stateOf);
  return {
    make(request, course, webhookUrl) {
      const { durationMs = usualMs } = course;
      const id = idOf(all.length);
      const one = { id, request, course, createdAtMs: now(), durationMs, webhookUrl, canceledAtMs: null };
      all.push(one);
      made.next(one);
      return one;
    },
    find: (id) => all.find((one) => one.id === id),
    cancel(one) {
      if (now() < endMsOf(one)) one.canceledAtMs = now();
    },
    stateOf,
    states,
    list({ createdAfterMs, next }) {
      const listed = all
        .filter(({ createdAtMs }) => createdAtMs >= createdAfterMs && createdAtMs + listLagMs <= now())
        .reverse();
      const start = next === undefined ? 0 : listed.findIndex(({ id }) => id === next) + 1;
      const page = listed.slice(start, start + pageSize);
      const last = start + pageSize < listed.length ? page.at(-1) : undefined;
      return { predictions: page.map(stateOf), next: last?.id ?? null };
    },
    stats(priceMicroUsd) {
      const count = (...wanted: string[]) => states().filter(({ status }) => wanted.includes(status)).length;
      return {
        created: all.length,
        succeeded: count('succeeded'),
        failed: count('failed'),
        canceled: count('canceled'),
        aborted: count('aborted'),
        inFlight: count('starting', 'processing'),
        maxInFlight: mostAtOnce(all),
        billedMicroUsd: count('succeeded') * priceMicroUsd,
      };
    },
    webhooks: (scheduler) => ({
      url: 'https://fake.example/hooks',
      events: defer(() => made).pipe(
        mergeMap((one) => {
          const { webhookUrl } = one;
          if (webhookUrl === undefined) return EMPTY;
          const leftMs = endMsOf(one) - now();
          const query = Object.fromEntries(new URL(webhookUrl).searchParams);
          return (leftMs <= 0 ? of(0) : timer(leftMs, scheduler)).pipe(
            map(() => ({ prediction: stateOf(one), query })),
          );
        }),
      ),
    }),
  };
}

function endMsOf({ createdAtMs, durationMs, canceledAtMs }: FakePrediction): number {
  return canceledAtMs ?? createdAtMs + durationMs;
}

/** Returns a prediction as it is at a moment. */
function stateAt(one: FakePrediction, nowMs: number, outputLifetimeMs: number): Prediction {
  const { id, request, course, createdAtMs, canceledAtMs } = one;
  const { status = 'succeeded', output = [`https://fake.example/${id}.png`], error = 'failed' } = course;
  const endMs = endMsOf(one);
  const createdAt = new Date(createdAtMs).toISOString();
  const begun = { id, ...request, createdAt, startedAt: createdAt };
  if (nowMs < endMs) return aPrediction({ ...begun, status: 'processing' });
  const ended = {
    ...begun,
    completedAt: new Date(endMs).toISOString(),
    metrics: { predict_time: (endMs - createdAtMs) / 1_000 },
    ...(nowMs < endMs + outputLifetimeMs ? {} : { dataRemoved: true, input: null, output: null }),
  };
  if (canceledAtMs !== null) return aPrediction({ ...ended, status: 'canceled' });
  if (status !== 'succeeded') return aPrediction({ ...ended, status, error });
  return aPrediction({ output, ...ended, status });
}

/**
 * Returns the largest number of predictions in flight at once. At one moment, ends come before
 * beginnings.
 */
function mostAtOnce(all: readonly FakePrediction[]): number {
  const changes = all.flatMap((one) => [
    { atMs: one.createdAtMs, by: 1 },
    { atMs: endMsOf(one), by: -1 },
  ]);
  changes.sort((one, other) => one.atMs - other.atMs || one.by - other.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
