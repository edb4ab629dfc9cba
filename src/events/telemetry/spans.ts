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
import type { Outcome, PredictionStatus } from '../../types.ts';
import type { EventOf } from '../observeRun.ts';
import type { RunEvent } from '../runEvent.ts';
import { attributes, OPERATION } from './attributes.ts';

/** The spans of a run and of its jobs. */
interface RunSpans {
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
  /** Takes what concerns a job. `within` is where its span belongs. */
  onEvent(event: RunEvent, within: Context): void;
  /** Ends all that are open. */
  close(): void;
}

interface OpenJob {
  readonly span: Span;
  readonly context: Context;
  /** What is being done for it: its prediction, download, save. */
  stage: Span | null;
}

/** Turns events into a span of each job, from its first event to its outcome, with one of each of its stages in it. */
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
    const job = { span, context: trace.setSpan(within, span), stage: null };
    jobs.set(index, job);
    return job;
  };
  const endStage = (job: OpenJob, errorType: string | null = null): void => {
    if (job.stage !== null) end(job.stage, errorType);
    job.stage = null;
  };
  const beginStage = (job: OpenJob, name: string, given: Attributes = {}, kind = SpanKind.INTERNAL): void => {
    endStage(job);
    job.stage = start(name, job.context, given, kind);
  };
  const predict = (job: OpenJob, event?: EventOf<'prediction.creating'>): void => {
    const given = {
      [attributes.operation]: OPERATION,
      [attributes.provider]: providerName,
      [attributes.outputType]: 'image',
      ...(event === undefined
        ? {}
        : { [attributes.requestModel]: event.model, [attributes.attempt]: event.attempt }),
      ...(event !== undefined && includePrompts
        ? { [attributes.inputMessages]: messagesOf(event.prompt) }
        : {}),
    };
    const name = event === undefined ? OPERATION : `${OPERATION} ${event.model}`;
    beginStage(job, name, given, SpanKind.CLIENT);
  };
  const create = (job: OpenJob, predictionId: string): void => {
    // An earlier run made it: nobody has seen it begin.
    if (job.stage === null) predict(job);
    job.stage?.setAttribute(attributes.responseId, predictionId).addEvent('prediction.created', {}, now());
  };
  const complete = (job: OpenJob, status: PredictionStatus): void => {
    const isGood = status === 'succeeded';
    endStage(job, isGood ? null : status);
    if (isGood) beginStage(job, 'rxposure.download');
  };
  const save = (job: OpenJob, bytes: number): void => {
    job.stage?.setAttribute(attributes.bytes, bytes);
    beginStage(job, 'rxposure.save');
  };
  const again = (job: OpenJob, { type, error }: EventOf<'job.retried' | 'job.fallback'>): void => {
    endStage(job, error.code);
    job.span.addEvent(type, { [attributes.errorType]: error.code }, now());
  };
  const endJob = (job: OpenJob, index: number, given: Attributes, errorType: string | null): void => {
    jobs.delete(index);
    endStage(job, errorType);
    job.span.setAttributes(given);
    end(job.span, errorType);
  };
  return {
    onEvent(event, within) {
      if ('outcome' in event) {
        const { index } = event.outcome;
        endJob(jobAt(index, within), index, outcomeAttributes(event.outcome), errorTypeOf(event.outcome));
        return;
      }
      // Only what is named here opens a span: other events of a job may come after its outcome.
      switch (event.type) {
        case 'prediction.creating':
          predict(jobAt(event.index, within), event);
          return;
        case 'prediction.created':
          create(jobAt(event.index, within), event.predictionId);
          return;
        case 'prediction.completed':
          complete(jobAt(event.index, within), event.status);
          return;
        case 'image.downloaded':
          save(jobAt(event.index, within), event.bytes);
          return;
        case 'job.retried':
        case 'job.fallback':
          again(jobAt(event.index, within), event);
          return;
        case 'job.postponed': {
          // It may be long until its next turn, which is a span of its own.
          const { index, error } = event;
          endJob(jobAt(index, within), index, { [attributes.status]: 'postponed' }, error.code);
        }
      }
    },
    close() {
      // What has no outcome was left to the service, or never sent.
      for (const [index, job] of jobs) endJob(job, index, { [attributes.status]: 'unfinished' }, null);
    },
  };
}

function outcomeAttributes(outcome: Outcome): Attributes {
  const { status, model, attempts, cached, costUsd, predictionId } = outcome;
  return {
    [attributes.status]: status,
    [attributes.requestModel]: model,
    [attributes.attempts]: attempts,
    [attributes.cached]: cached,
    ...(predictionId === null ? {} : { [attributes.responseId]: predictionId }),
    ...(costUsd === null ? {} : { [attributes.costMicroUsd]: toMicroUsd(costUsd) }),
  };
}

/** Null where nothing went wrong: what is skipped was not tried. */
function errorTypeOf({ status, error }: Outcome): string | null {
  return status === 'failed' ? (error?.code ?? '_OTHER') : null;
}

/** A prompt in the form of the conventions, which spans take as JSON. */
function messagesOf(prompt: string): string {
  return JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: prompt }] }]);
}
