import { context, type HrTime, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { from, lastValueFrom, NEVER } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observeRun } from '../../../src/events/observeRun.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { toTelemetry } from '../../../src/events/telemetry/toTelemetry.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import type { PredictionStatus } from '../../../src/types.ts';
import { memorySdk } from '../../helpers/memorySdk.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';
import { aPlan, runOf, succeeding } from '../../helpers/runOf.ts';
import { VirtualClock } from '../../helpers/virtualClock.ts';

let sdk: ReturnType<typeof memorySdk>;
let clock: VirtualClock;
beforeEach(() => {
  sdk = memorySdk();
  clock = new VirtualClock();
  // A present date: OpenTelemetry reads small numbers as times since the process began.
  clock.advance(1_800_000_000_000);
});
afterEach(() => sdk.close());

const telemetry = (config = {}) =>
  toTelemetry({ tracer: sdk.tracer, meter: sdk.meter, scheduler: clock, ...config });
const startEvent: RunEvent = {
  type: 'run.started',
  folder: '/run',
  total: 2,
  alreadySaved: 0,
  concurrency: 2,
};
const creating = (index: number, attempt = 1): RunEvent => ({
  type: 'prediction.creating',
  index,
  prompt: 'a secret cat',
  model: 'owner/name',
  attempt,
});
const completed = (index: number, status: PredictionStatus = 'succeeded'): RunEvent => ({
  type: 'prediction.completed',
  index,
  predictionId: `p${index}`,
  status,
});
const totals = {
  total: 2,
  alreadySaved: 0,
  saved: 1,
  failed: 1,
  skipped: 0,
  costUsd: 0.003,
  costIncomplete: false,
};
const endEvent: RunEvent = { type: 'run.completed', totals, elapsedMs: 1 };
/**
 * A job that fails once and is saved; another that fails for good. Each number is a pause in ms.
 */
const story: (RunEvent | number)[] = [
  startEvent,
  10,
  creating(0),
  { type: 'rate.paused', waitMs: 300, reason: 'refused', message: 'a spend limit is reached' },
  100,
  { type: 'rate.paused', waitMs: 300, reason: 'refused' },
  { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p0', status: 'starting' },
  400,
  completed(0, 'failed'),
  { type: 'job.retried', index: 0, attempt: 2, error: outcomeError({ code: 'ERR_PREDICTION_FAILED' }) },
  1_000,
  creating(0, 2),
  { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p1', status: 'processing' },
  2_000,
  completed(0),
  30,
  { type: 'image.downloaded', index: 0, bytes: 5_000 },
  40,
  {
    type: 'image.saved',
    outcome: outcome(0, { attempts: 2, predictionId: 'p1', metrics: { predict_time: 1.5 } }),
  },
  creating(1),
  { type: 'warning', message: 'look' },
  500,
  {
    type: 'job.failed',
    outcome: outcome(1, {
      status: 'failed',
      predictionId: null,
      costUsd: 0,
      error: outcomeError({ code: 'ERR_AUTH' }),
    }),
  },
  endEvent,
];
const play = (listener: ReturnType<typeof telemetry>, events: readonly (RunEvent | number)[]) => {
  for (const step of events) {
    if (typeof step === 'number') clock.advance(step);
    else listener.next(step);
  }
};
const toMs = ([seconds, nanos]: HrTime) => Math.round(seconds * 1_000 + nanos / 1_000_000);
/** `parent > name ms`, with an error's type behind it. */
const lineOf = (span: ReadableSpan): string => {
  const parent = sdk.spans().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
  const error = span.status.code === SpanStatusCode.ERROR ? ` ${span.attributes['error.type']}` : '';
  return `${parent === undefined ? '' : `${parent.name} > `}${span.name} ${toMs(span.duration)}${error}`;
};
const named = (name: string) => sdk.spans().filter((span) => span.name === name);

describe('spans', () => {
  it('count a prediction whose output came before its end as one that has its output', () => {
    play(telemetry(), [startEvent, creating(0), 500, completed(0, 'processing'), 30, endEvent]);
    expect(sdk.spans().map(lineOf).slice(0, 2)).toEqual([
      'rxposure.job > generate_content owner/name 500',
      'rxposure.job > rxposure.download 30',
    ]);
  });

  it('are of the run, its jobs and their stages', () => {
    play(telemetry(), story);
    expect(sdk.spans().map(lineOf)).toEqual([
      'rxposure.job > generate_content owner/name 500 failed',
      'rxposure.job > generate_content owner/name 2000',
      'rxposure.job > rxposure.download 30',
      'rxposure.job > rxposure.save 40',
      'rxposure.run > rxposure.job 3570', // 500 + 1000 + 2000 + 30 + 40
      'rxposure.job > generate_content owner/name 500 ERR_AUTH',
      'rxposure.run > rxposure.job 500 ERR_AUTH',
      'rxposure.run 4080',
    ]);
    expect(sdk.openNow()).toBe(0);
    const [, retried] = named('generate_content owner/name');
    expect(retried?.kind).toBe(SpanKind.CLIENT);
    expect(retried?.attributes).toEqual({
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'replicate',
      'gen_ai.output.type': 'image',
      'gen_ai.request.model': 'owner/name',
      'gen_ai.response.id': 'p1',
      'rxposure.attempt': 2,
    });
    expect(named('rxposure.job')[0]?.attributes).toEqual({
      'gen_ai.request.model': 'owner/name',
      'gen_ai.response.id': 'p1',
      'rxposure.cost.micro_usd': 3_000,
      'rxposure.job.attempts': 2,
      'rxposure.job.cached': false,
      'rxposure.job.index': 0,
      'rxposure.job.status': 'saved',
    });
    expect(named('rxposure.job')[0]?.events.map(({ name }) => name)).toEqual(['job.retried']);
    expect(named('rxposure.run')[0]?.attributes).toMatchObject({
      'rxposure.run.saved': 1,
      'rxposure.run.jobs': 2,
    });
    expect(named('rxposure.run')[0]?.events.map(({ name }) => name)).toEqual([
      'rate.paused',
      'rate.paused',
      'warning',
    ]);
  });

  it('have no prompts unless they are wanted', () => {
    play(telemetry(), story);
    expect(JSON.stringify(sdk.spans().map(({ attributes, events }) => [attributes, events]))).not.toContain(
      'secret',
    );
    play(telemetry({ includePrompts: true, providerName: 'cog' }), story);
    expect(sdk.spans().at(-3)?.attributes).toMatchObject({
      'gen_ai.provider.name': 'cog',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"a secret cat"}]}]',
    });
  });

  it('are also of predictions of earlier runs, cached results, and jobs that get a turn later', () => {
    play(telemetry(), [
      startEvent,
      { type: 'prediction.created', index: 0, prompt: 'a', predictionId: 'p0', status: 'processing' },
      completed(0),
      { type: 'image.saved', outcome: outcome(0) },
      { type: 'image.saved', outcome: outcome(1, { cached: true }) },
      creating(2),
      { type: 'job.postponed', index: 2, error: outcomeError({ code: 'ERR_LATE' }) },
      { type: 'recovery.started', round: 1, jobs: 1, waitMs: 10 },
      creating(2),
      { type: 'job.fallback', index: 2, model: 'other/one', error: outcomeError({ code: 'ERR_NSFW' }) },
      { type: 'job.skipped', outcome: outcome(2, { status: 'skipped' }) },
      endEvent,
    ]);
    expect(sdk.spans().map(lineOf)).toEqual([
      'rxposure.job > generate_content 0',
      'rxposure.job > rxposure.download 0',
      'rxposure.run > rxposure.job 0',
      'rxposure.run > rxposure.job 0',
      'rxposure.job > generate_content owner/name 0 ERR_LATE',
      'rxposure.run > rxposure.job 0 ERR_LATE',
      'rxposure.job > generate_content owner/name 0 ERR_NSFW',
      'rxposure.run > rxposure.job 0',
      'rxposure.run 0',
    ]);
  });

  it('are ended if the run is unsubscribed in the middle', () => {
    const listener = telemetry();
    play(listener, [startEvent, creating(0), creating(1), completed(1), 20]);
    expect(sdk.openNow()).toBe(1 + 2 + 2); // run, jobs, stages
    listener.complete();
    expect(sdk.openNow()).toBe(0);
    expect(named('rxposure.job').map(({ attributes }) => attributes['rxposure.job.status'])).toEqual([
      'unfinished',
      'unfinished',
    ]);
    listener.complete();
    expect(sdk.spans()).toHaveLength(6); // the five, and the prediction that was done
  });

  it('belong to the span in which the listener was made', () => {
    const parent = sdk.tracer.startSpan('request');
    // No context manager is registered, so that it is given by hand.
    const active = context.active;
    context.active = () => trace.setSpan(active.call(context), parent);
    const listener = telemetry();
    context.active = active;
    play(listener, story);
    parent.end();
    expect(lineOf(named('rxposure.run')[0] as ReadableSpan)).toBe('request > rxposure.run 4080');
  });
});

describe('metrics', () => {
  it('count jobs, money, bytes, turns and time', async () => {
    play(telemetry(), story);
    const model = { 'gen_ai.request.model': 'owner/name' };
    const operation = { 'gen_ai.operation.name': 'generate_content', 'gen_ai.provider.name': 'replicate' };
    expect(await sdk.metrics()).toEqual({
      'rxposure.jobs': [
        { ...model, 'rxposure.job.status': 'saved', value: 1 },
        { ...model, 'rxposure.job.status': 'failed', 'error.type': 'ERR_AUTH', value: 1 },
      ],
      'rxposure.cost': [{ ...model, value: 3_000 }],
      'rxposure.downloaded': [{ ...model, value: 5_000 }],
      'rxposure.retries': [{ 'error.type': 'ERR_PREDICTION_FAILED', value: 1 }],
      'rxposure.throttled': [{ value: 0.4 }], // 300 ms, and 100 ms more
      'rxposure.predict_time': [{ ...model, value: [1, 1.5] }],
      'gen_ai.client.operation.duration': [
        { ...operation, ...model, 'error.type': 'failed', value: [1, 0.5] },
        { ...operation, ...model, value: [1, 2] },
      ],
    });
  });

  it('count the cost of a result of an equal request once', async () => {
    play(telemetry(), [
      startEvent,
      {
        type: 'image.saved',
        outcome: outcome(0, { cached: true, costUsd: 0, metrics: { predict_time: 9 } }),
      },
      endEvent,
    ]);
    expect(Object.keys(await sdk.metrics())).toEqual(['rxposure.jobs']);
  });

  it('count images paid by an earlier run, and the time of their model, not again', async () => {
    const saved = outcome(0, { costUsd: 0.1, metrics: { predict_time: 9 } });
    play(telemetry(), [startEvent, { type: 'image.saved', outcome: saved, paidBefore: true }, endEvent]);
    expect(Object.keys(await sdk.metrics())).toEqual(['rxposure.jobs']);
  });
});

describe('a run of 2,000 jobs', () => {
  const plans = () => Array.from({ length: 2_000 }, (_, index) => aPlan(index));

  it('has no more spans open than jobs in flight, and none at the end', async () => {
    const { config } = runOf({ concurrency: 10, downloads: 2 });
    const { end, events } = observeRun((emit) => generate(plans, { ...config, emit }));
    events.subscribe(toTelemetry({ tracer: sdk.tracer, meter: sdk.meter }));
    await lastValueFrom(end);
    expect(sdk.spans()).toHaveLength(2_000 * 4); // job, predict, download, save
    expect(sdk.mostOpen()).toBeLessThanOrEqual((2 * 10 + 2) * 2);
    expect(sdk.openNow()).toBe(0);
  });

  it('leaves none open when it is unsubscribed in the middle', async () => {
    const provider = succeeding();
    let made = 0;
    const stuck: typeof provider.createPrediction = (request, options) => {
      made += 1;
      return made > 1_000 ? NEVER : provider.createPrediction(request, options);
    };
    const { config } = runOf({ concurrency: 50, provider: { ...provider, createPrediction: stuck } });
    const { end, events } = observeRun((emit) => generate(plans, { ...config, emit }));
    events.subscribe(toTelemetry({ tracer: sdk.tracer, meter: sdk.meter }));
    const run = end.subscribe();
    await expect.poll(() => made).toBe(1_050);
    expect(sdk.openNow()).toBe(50 * 2);
    run.unsubscribe();
    expect(sdk.openNow()).toBe(0);
  });
});

it('does nothing if no SDK is registered', () => {
  const listener = toTelemetry();
  expect(() => {
    from([startEvent, creating(0), endEvent]).subscribe(listener);
  }).not.toThrow();
});
