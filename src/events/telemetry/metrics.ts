import type { Attributes, Meter } from '@opentelemetry/api';
import { toMicroUsd } from '../../base/text.ts';
import type { Outcome } from '../../types.ts';
import type { RunEvent } from '../runEvent.ts';
import { attributes, OPERATION } from './attributes.ts';

interface RunMetricsConfig {
  meter: Meter;
  providerName: string;
  /** ms since 1970. */
  now: () => number;
}

/** The metrics of a run. */
interface RunMetrics {
  onEvent(event: RunEvent): void;
  /** Forgets what was under way. */
  close(): void;
}

/** The boundaries that the conventions name for operations, in seconds, and three more for slow models. */
const DURATION_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const SLOW_BUCKETS = [163.84, 327.68, 655.36];

/** Turns events into counters and histograms. Remembers only the attempts under way. */
export function createRunMetrics({ meter, providerName, now }: RunMetricsConfig): RunMetrics {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: [...DURATION_BUCKETS, ...SLOW_BUCKETS] } };
  const jobs = meter.createCounter('rxposure.jobs', { unit: '{job}', description: 'Jobs that ended' });
  const cost = meter.createCounter('rxposure.cost', {
    unit: '{micro_usd}',
    description: 'Money paid, in millionths of a US dollar',
  });
  const downloaded = meter.createCounter('rxposure.downloaded', {
    unit: 'By',
    description: 'Originals brought to the disk',
  });
  const retries = meter.createCounter('rxposure.retries', {
    unit: '{retry}',
    description: 'Further turns that jobs got',
  });
  const throttled = meter.createCounter('rxposure.throttled', {
    unit: 's',
    description: 'Time in which the service wanted no creates',
  });
  const predictTime = meter.createHistogram('rxposure.predict_time', {
    ...seconds,
    description: 'Time the model ran, by the service',
  });
  const operation = meter.createHistogram('gen_ai.client.operation.duration', {
    ...seconds,
    description: 'Time from an attempt to its final prediction',
  });
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
  const pause = (waitMs: number): void => {
    // Many creates may be told to wait through the same time, which is counted once.
    const untilMs = now() + waitMs;
    const addedMs = untilMs - Math.max(now(), pausedUntilMs);
    if (addedMs > 0) throttled.add(addedMs / 1_000);
    pausedUntilMs = Math.max(pausedUntilMs, untilMs);
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
  return {
    close: () => attempts.clear(),
    onEvent(event) {
      switch (event.type) {
        case 'prediction.creating':
          attempts.set(event.index, { model: event.model, startedAtMs: now() });
          return;
        case 'prediction.completed':
          endOperation(event.index, event.status === 'succeeded' ? null : event.status);
          return;
        case 'image.downloaded': {
          const model = attempts.get(event.index)?.model;
          downloaded.add(event.bytes, model === undefined ? {} : { [attributes.requestModel]: model });
          return;
        }
        case 'job.retried':
        case 'job.fallback':
        case 'job.postponed':
          attempts.delete(event.index);
          retries.add(1, { [attributes.errorType]: event.error.code });
          return;
        case 'rate.paused':
          pause(event.waitMs);
          return;
        case 'image.saved':
          end(event.paidBefore ? { ...event.outcome, costUsd: 0 } : event.outcome);
          return;
        case 'job.failed':
        case 'job.skipped':
          end(event.outcome);
      }
    },
  };
}
