import { type Context, context, type Span, trace } from '@opentelemetry/api';
import type { EventOf } from '../events/EventOf.ts';
import type { RunEvent } from '../types.ts';
import { attributes } from './attributes.ts';
import { createJobSpans, type JobSpansConfig } from './createJobSpans.ts';

/** The spans of a run and of its jobs. */
export interface RunSpans {
  onEvent(event: RunEvent): void;
  /** Ends all that is open; may be called again. */
  close(): void;
}

/**
 * Turns events into spans: one of the run, one of each job in it. Job spans are open only as long as their jobs are under
 * way, and none is after `run.completed` or `close`.
 */
export function createRunSpans(config: JobSpansConfig): RunSpans {
  const { tracer, now } = config;
  // Events come from anywhere: the run belongs where whoever listens to it was set up.
  const around = context.active();
  const jobs = createJobSpans(config);
  let run: { readonly span: Span; readonly context: Context } | null = null;

  const open = ({ total, alreadySaved, concurrency }: EventOf<'run.started'>): void => {
    const given = {
      [attributes.jobs]: total,
      [attributes.alreadySaved]: alreadySaved,
      [attributes.concurrency]: concurrency,
    };
    const span = tracer.startSpan('rxposure.run', { attributes: given, startTime: now() }, around);
    run = { span, context: trace.setSpan(around, span) };
  };
  const close = (): void => {
    jobs.close();
    run?.span.end(now());
    run = null;
  };
  return {
    close,
    onEvent(event) {
      switch (event.type) {
        case 'run.started':
          close();
          open(event);
          return;
        case 'rate.paused':
          run?.span.addEvent(event.type, { [attributes.waitMs]: event.waitMs }, now());
          return;
        case 'warning':
          run?.span.addEvent(event.type, { [attributes.message]: event.message }, now());
          return;
        case 'budget.warning':
        case 'recovery.started':
          run?.span.addEvent(event.type, {}, now());
          return;
        case 'run.completed':
          run?.span.setAttributes({
            [attributes.saved]: event.totals.saved,
            [attributes.failed]: event.totals.failed,
            [attributes.skipped]: event.totals.skipped,
            [attributes.costMicroUsd]: Math.round(event.totals.costUsd * 1_000_000),
          });
          close();
          return;
        default:
          jobs.onEvent(event, run?.context ?? around);
      }
    },
  };
}
