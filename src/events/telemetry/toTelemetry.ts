import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api';
import { asyncScheduler, type Observer, type SchedulerLike } from 'rxjs';
import type { RunEvent } from '../runEvent.ts';
import { createRunMetrics } from './metrics.ts';
import { createRunSpans } from './spans.ts';

export interface TelemetryConfig {
  /** Default: the global one's, which does nothing until an SDK is registered. */
  tracer?: Tracer;
  /** Default: the global one's. */
  meter?: Meter;
  /** Who makes the pictures, as `gen_ai.provider.name`. Default `replicate`. */
  providerName?: string;
  /** Whether spans tell prompts, which may be private. Default false. */
  includePrompts?: boolean;
  /** Clock of the spans. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * A listener that tells OpenTelemetry of one run: spans of the run, its jobs and their stages, counters and histograms. Give
 * it to `events.subscribe` of `observeRun`, so that it learns of the end of a run that is left in the middle too; every
 * span is ended then. Make one for each run.
 */
export function toTelemetry(config: TelemetryConfig = {}): Observer<RunEvent> {
  const {
    tracer = trace.getTracer('rxposure'),
    meter = metrics.getMeter('rxposure'),
    providerName = 'replicate',
    includePrompts = false,
    scheduler = asyncScheduler,
  } = config;
  const now = (): number => scheduler.now();
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
