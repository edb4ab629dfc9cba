import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { toMicroUsd } from '../../base/text.ts';
import type { Outcome } from '../../types.ts';
import type { EventOf } from '../observeRun.ts';
import type { RunEvent } from '../runEvent.ts';
import {
  attemptAttributes,
  attributes,
  endedAs,
  errorTypeOf,
  OPERATION,
  outcomeAttributes,
} from './attributes.ts';

/** The spans of a run and of its jobs. */
interface RunSpans {
  onEvent(event: RunEvent): void;
  /** Ends all open spans; may be called again. */
  close(): void;
}

/**
 * Turns events into spans: one for the run, and one in it for each job. Job spans are open only
 * while their jobs are in flight, and none is open after `run.completed` or `close`.
 */
export function createRunSpans(config: JobSpansConfig): RunSpans {
  const { tracer, now } = config;
  // Events come from anywhere: the run belongs to the context in which its listener was created.
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
          run?.span.addEvent(
            event.type,
            {
              [attributes.waitMs]: event.waitMs,
              ...(event.message === undefined ? {} : { [attributes.message]: event.message }),
            },
            now(),
          );
          return;
        case 'warning':
          run?.span.addEvent(event.type, { [attributes.message]: event.message }, now());
          return;
        case 'budget.short':
        case 'budget.warning':
        case 'recovery.started':
        case 'outage.began':
        case 'outage.ended':
          run?.span.addEvent(event.type, {}, now());
          return;
        case 'run.completed':
          run?.span.setAttributes({
            [attributes.saved]: event.totals.saved,
            [attributes.failed]: event.totals.failed,
            [attributes.skipped]: event.totals.skipped,
            [attributes.costMicroUsd]: toMicroUsd(event.totals.costUsd),
          });
          close();
          return;
        default:
          jobs.onEvent(event, run?.context ?? around);
      }
    },
  };
}

interface JobSpansConfig {
  tracer: Tracer;
  providerName: string;
  includePrompts: boolean;
  /** ms since 1970. */
  now: () => number;
}

/** The spans of the jobs of a run. */
interface JobSpans {
  /** Handles an event of a job. `within` is the context around its span. */
  onEvent(event: RunEvent, within: Context): void;
  /** Ends all open spans. */
  close(): void;
}

interface OpenJob {
  readonly index: number;
  readonly span: Span;
  readonly context: Context;
  /** Span of the job's present stage: prediction, download or save. */
  stage: Span | null;
}

/** Events that open the span of a job. Other events of a job may come after its outcome. */
type JobEventType =
  | 'prediction.creating'
  | 'prediction.created'
  | 'prediction.completed'
  | 'image.downloaded'
  | 'job.retried'
  | 'job.fallback'
  | 'job.postponed'
  | 'image.saved'
  | 'job.failed'
  | 'job.skipped';

type JobEvents = { readonly [Type in JobEventType]: EventOf<Type> };
type JobHandlers = { readonly [Type in JobEventType]: (event: JobEvents[Type], job: OpenJob) => void };

/**
 * Turns events into a span for each job, from its first event to its outcome, with one in it for
 * each of its stages.
 */
function createJobSpans({ tracer, providerName, includePrompts, now }: JobSpansConfig): JobSpans {
  const jobs = new Map<number, OpenJob>();

  const start = (name: string, within: Context, given: Attributes, kind = SpanKind.INTERNAL): Span =>
    tracer.startSpan(name, { kind, attributes: given, startTime: now() }, within);
  const end = (span: Span, errorType: string | null): void => {
    if (errorType !== null) {
      span.setAttribute(attributes.errorType, errorType).setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(now());
  };
  const jobAt = (index: number, within: Context): OpenJob => {
    const open = jobs.get(index);
    if (open !== undefined) return open;
    const span = start('rxposure.job', within, { [attributes.index]: index });
    const job = { index, span, context: trace.setSpan(within, span), stage: null };
    jobs.set(index, job);
    return job;
  };
  const endJob = (job: OpenJob, given: Attributes, errorType: string | null): void => {
    jobs.delete(job.index);
    endStage(job, errorType);
    job.span.setAttributes(given);
    end(job.span, errorType);
  };
  const beginStage = (job: OpenJob, name: string, given: Attributes = {}, kind = SpanKind.INTERNAL): void => {
    endStage(job);
    job.stage = start(name, job.context, given, kind);
  };
  const endStage = (job: OpenJob, errorType: string | null = null): void => {
    if (job.stage !== null) end(job.stage, errorType);
    job.stage = null;
  };
  const beginPrediction = (job: OpenJob, event?: EventOf<'prediction.creating'>): void => {
    const name = event === undefined ? OPERATION : `${OPERATION} ${event.model}`;
    const given = {
      [attributes.operation]: OPERATION,
      [attributes.provider]: providerName,
      [attributes.outputType]: 'image',
      ...(event === undefined ? {} : attemptAttributes(event, includePrompts)),
    };
    beginStage(job, name, given, SpanKind.CLIENT);
  };
  const tryAgain = ({ type, error }: EventOf<'job.retried' | 'job.fallback'>, job: OpenJob): void => {
    endStage(job, error.code);
    job.span.addEvent(type, { [attributes.errorType]: error.code }, now());
  };
  const endWithOutcome = ({ outcome }: { readonly outcome: Outcome }, job: OpenJob): void =>
    endJob(job, outcomeAttributes(outcome), errorTypeOf(outcome));

  const handlers: JobHandlers = {
    'prediction.creating': (event, job) => beginPrediction(job, event),
    'prediction.created': ({ predictionId }, job) => {
      // An earlier run made it, so its beginning was not seen.
      if (job.stage === null) beginPrediction(job);
      job.stage?.setAttribute(attributes.responseId, predictionId).addEvent('prediction.created', {}, now());
    },
    'prediction.completed': ({ status }, job) => {
      const errorType = endedAs(status);
      endStage(job, errorType);
      if (errorType === null) beginStage(job, 'rxposure.download');
    },
    'image.downloaded': ({ bytes }, job) => {
      job.stage?.setAttribute(attributes.bytes, bytes);
      beginStage(job, 'rxposure.save');
    },
    'job.retried': tryAgain,
    'job.fallback': tryAgain,
    // Its next turn may be far away, and has a span of its own.
    'job.postponed': ({ error }, job) => endJob(job, { [attributes.status]: 'postponed' }, error.code),
    'image.saved': endWithOutcome,
    'job.failed': endWithOutcome,
    'job.skipped': endWithOutcome,
  };
  return {
    onEvent(event, within) {
      if (!isJobEvent(event, handlers)) return;
      const index = 'outcome' in event ? event.outcome.index : event.index;
      handle(handlers, event.type, event, jobAt(index, within));
    },
    close() {
      // A job without an outcome was left to the service, or never sent.
      for (const job of jobs.values()) endJob(job, { [attributes.status]: 'unfinished' }, null);
    },
  };
}

function isJobEvent(event: RunEvent, handlers: JobHandlers): event is EventOf<JobEventType> {
  return Object.hasOwn(handlers, event.type);
}

/** Calls the handler of a type with an event of that type. */
function handle<Type extends JobEventType>(
  handlers: JobHandlers,
  type: Type,
  event: JobEvents[Type],
  job: OpenJob,
): void {
  handlers[type](event, job);
}
