import type { Attributes, Meter } from '@opentelemetry/api';
import { toMicroUsd } from '../../base/text.ts';
import type { Outcome } from '../../types.ts';
import type { EventOf } from '../observeRun.ts';
import { countedOutcome } from '../progress.ts';
import type { RunEvent } from '../runEvent.ts';
import { attributes, endedAs, OPERATION } from './attributes.ts';

interface RunMetricsConfig {
  meter: Meter;
  providerName: string;
  /** ms since 1970. */
  now: () => number;
}

/** The metrics of a run. */
interface RunMetrics {
  onEvent(event: RunEvent): void;
  /** Forgets the attempts in flight. */
  close(): void;
}

/** Events that count. */
type CountedType =
  | 'prediction.creating'
  | 'prediction.completed'
  | 'image.downloaded'
  | 'job.retried'
  | 'job.fallback'
  | 'job.postponed'
  | 'rate.paused'
  | 'image.saved'
  | 'job.failed'
  | 'job.skipped'
  | 'job.measured';

type Events = { readonly [Type in CountedType]: EventOf<Type> };
type Handlers = { readonly [Type in CountedType]: (event: Events[Type]) => void };

/** Turns events into counters and histograms. Memory holds only the attempts in flight. */
export function createRunMetrics({ meter, providerName, now }: RunMetricsConfig): RunMetrics {
  const { jobs, cost, downloaded, retries, throttled, predictTime, operation } = createInstruments(meter);
  const attempts = new Map<number, { readonly model: string; readonly startedAtMs: number }>();
  let pausedUntilMs = 0;

  const endOperation = (index: number, errorType: string | null): void => {
    const attempt = attempts.get(index);
    if (attempt === undefined) return;
    operation.record((now() - attempt.startedAtMs) / 1_000, {
      [attributes.operation]: OPERATION,
      [attributes.provider]: providerName,
      [attributes.requestModel]: attempt.model,
      ...(errorType === null ? {} : { [attributes.errorType]: errorType }),
    });
  };
  const tryAgain = ({ index, error }: Events['job.retried' | 'job.fallback' | 'job.postponed']): void => {
    attempts.delete(index);
    retries.add(1, { [attributes.errorType]: error.code });
  };
  const end = (outcome: Outcome): void => {
    const { index, status, model, cached, costUsd, error, metrics } = outcome;
    const ofModel: Attributes = { [attributes.requestModel]: model };
    attempts.delete(index);
    jobs.add(1, {
      ...ofModel,
      [attributes.status]: status,
      ...(error === undefined ? {} : { [attributes.errorType]: error.code }),
    });
    if (costUsd !== null && costUsd > 0) cost.add(toMicroUsd(costUsd), ofModel);
    if (!cached && typeof metrics.predict_time === 'number')
      predictTime.record(metrics.predict_time, ofModel);
  };

  const handlers: Handlers = {
    'prediction.creating': ({ index, model }) => attempts.set(index, { model, startedAtMs: now() }),
    'prediction.completed': ({ index, status }) => endOperation(index, endedAs(status)),
    'image.downloaded': ({ index, bytes }) => {
      const model = attempts.get(index)?.model;
      downloaded.add(bytes, model === undefined ? {} : { [attributes.requestModel]: model });
    },
    'job.retried': tryAgain,
    'job.fallback': tryAgain,
    'job.postponed': tryAgain,
    'rate.paused': ({ waitMs }) => {
      // Many create requests may have to wait through the same time, which is counted once.
      const untilMs = now() + waitMs;
      const addedMs = untilMs - Math.max(now(), pausedUntilMs);
      if (addedMs > 0) throttled.add(addedMs / 1_000);
      pausedUntilMs = Math.max(pausedUntilMs, untilMs);
    },
    'image.saved': (event) => end(countedOutcome(event)),
    'job.failed': ({ outcome }) => end(outcome),
    'job.skipped': ({ outcome }) => end(outcome),
    'job.measured': ({ model, cached, metrics, costChangeUsd }) => {
      const ofModel: Attributes = { [attributes.requestModel]: model };
      // A counter only goes up: an estimate that was too high stays counted.
      if (costChangeUsd > 0) cost.add(toMicroUsd(costChangeUsd), ofModel);
      if (!cached && typeof metrics.predict_time === 'number')
        predictTime.record(metrics.predict_time, ofModel);
    },
  };
  return {
    onEvent(event) {
      if (counts(event, handlers)) handle(handlers, event.type, event);
    },
    close: () => attempts.clear(),
  };
}

function counts(event: RunEvent, handlers: Handlers): event is Events[CountedType] {
  return Object.hasOwn(handlers, event.type);
}

/** Calls the handler of a type with an event of that type. */
function handle<Type extends CountedType>(handlers: Handlers, type: Type, event: Events[Type]): void {
  handlers[type](event);
}

/**
 * The boundaries that the conventions name for operations, in seconds, and three more for slow
 * models.
 */
const DURATION_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const SLOW_BUCKETS = [163.84, 327.68, 655.36];

/** Creates the counters and histograms of docs/monitoring.md. */
function createInstruments(meter: Meter) {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: [...DURATION_BUCKETS, ...SLOW_BUCKETS] } };
  return {
    jobs: meter.createCounter('rxposure.jobs', { unit: '{job}', description: 'Jobs that ended' }),
    cost: meter.createCounter('rxposure.cost', {
      unit: '{micro_usd}',
      description: 'Money paid, in millionths of a US dollar',
    }),
    downloaded: meter.createCounter('rxposure.downloaded', {
      unit: 'By',
      description: 'Bytes of downloaded originals',
    }),
    retries: meter.createCounter('rxposure.retries', {
      unit: '{retry}',
      description: 'Further turns that jobs got',
    }),
    throttled: meter.createCounter('rxposure.throttled', {
      unit: 's',
      description: 'Time in which the service took no create requests',
    }),
    predictTime: meter.createHistogram('rxposure.predict_time', {
      ...seconds,
      description: 'Time the model ran, by the service',
    }),
    operation: meter.createHistogram('gen_ai.client.operation.duration', {
      ...seconds,
      description: 'Time from an attempt to its final prediction',
    }),
  };
}
