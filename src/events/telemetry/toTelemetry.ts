import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api';
import type { Observer, SchedulerLike } from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import type { RunEvent } from '../runEvent.ts';
import { createRunMetrics } from './metrics.ts';
import { createRunSpans } from './spans.ts';

export interface TelemetryConfig {
  /** Default: the global provider's, which does nothing until an SDK is registered. */
  tracer?: Tracer;
  /** Default: the global provider's. */
  meter?: Meter;
  /** Service that makes the images, as `gen_ai.provider.name`. Default `replicate`. */
  providerName?: string;
  /** True if spans may have prompts, which may be private. Default false. */
  includePrompts?: boolean;
  /** Clock of the spans. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Creates a listener that reports one run to OpenTelemetry: spans of the run, its jobs and their
 * stages, counters and histograms. Give it to `events.subscribe` of `observeRun`: then every span
 * is ended even if the run is unsubscribed early. Create one for each run.
 */
export function toTelemetry(config: TelemetryConfig = {}): Observer<RunEvent> {
  const {
    tracer = trace.getTracer('rxposure'),
    meter = metrics.getMeter('rxposure'),
    providerName = 'replicate',
    includePrompts = false,
    scheduler = monotonicScheduler,
  } = config;
  // The time of day, in which no span ends before it began if the clock is set during the run.
  const aheadMs = wallNow(scheduler) - scheduler.now();
  const now = (): number => scheduler.now() + aheadMs;
  const spans = createRunSpans({ tracer, providerName, includePrompts, now });
  const measures = createRunMetrics({ meter, providerName, now });
  const close = (): void => {
    spans.close();
    measures.close();
  };
  return {
    next(event) {
      spans.onEvent(event);
      measures.onEvent(event);
    },
    error: close,
    complete: close,
  };
}
