import { lastValueFrom, type Observable, type OperatorFunction, of } from 'rxjs';
import { expect, expectTypeOf, it } from 'vitest';
import type { Downloaded, Failed, Item, Made, Rendered } from '../../src/base/items/item.ts';
import type { RunProgress } from '../../src/events/progress.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { awaitPrediction } from '../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../src/operators/predictions/createPrediction.ts';
import { budgetTake, createLedger } from '../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../src/operators/stages/downloadOutput.ts';
import { renditions } from '../../src/operators/stages/renditions.ts';
import { throwFailed } from '../../src/operators/stages/throwFailed.ts';
import { images } from '../../src/pipelines/front/images.ts';
import type { ImagesRun, PlannedRun } from '../../src/pipelines/front/imagesRun.ts';
import type { ImagesOptions } from '../../src/pipelines/front/options.ts';
import { createSession, type Session } from '../../src/pipelines/front/session.ts';
import { generate } from '../../src/pipelines/generate.ts';
import { generateStream } from '../../src/pipelines/generateStream.ts';
import { isRunFault, type RunFault } from '../../src/pipelines/run/closing/faults.ts';
import type { FinishedRun } from '../../src/pipelines/run/closing/results.ts';
import { type RunToFolderConfig, runToFolder } from '../../src/pipelines/runToFolder.ts';
import { createDownloader } from '../../src/providers/downloads/downloader.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { createRenderer } from '../../src/renditions/renderer.ts';
import { toOutcome } from '../../src/sinks/stages/toOutcome.ts';
import { type JobDraft, planJobs } from '../../src/sources/planning/planJobs.ts';
import { jobsFromRows } from '../../src/sources/promptFiles/promptJobs.ts';
import { fakeProvider } from '../../src/testing/fakeProvider.ts';
import type { Job, Model, Outcome, Plan, PredictionRequest } from '../../src/types.ts';

const folder = '/run';
const provider = fakeProvider();

it('images is awaited, iterated over and subscribed to', () => {
  expectTypeOf(images).returns.toEqualTypeOf<PlannedRun>();
  expectTypeOf<PlannedRun>().toExtend<ImagesRun>();
  expectTypeOf<Awaited<ImagesRun>>().toEqualTypeOf<FinishedRun>();
  expectTypeOf<ImagesRun>().toExtend<AsyncIterable<Outcome>>();
  expectTypeOf<ImagesRun['progress']>().toEqualTypeOf<Observable<RunProgress>>();
  expectTypeOf<ImagesRun['events']>().toEqualTypeOf<Observable<RunEvent>>();
  expectTypeOf<{ model: string; to: string }>().toExtend<ImagesOptions>();
  const options = { model: 'a/b', to: folder, provider };
  expectTypeOf(images).toBeCallableWith(['a fox', { prompt: 'an owl', num_outputs: 2 }], options);
  expectTypeOf(images).toBeCallableWith(of('a fox'), options);
  expectTypeOf(images).toBeCallableWith({ file: 'prompts.csv' }, options);
  interface Row {
    prompt: string;
    theme?: string;
  }
  const rows: Row[] = [{ prompt: 'a fox', theme: 'winter' }];
  expectTypeOf(images).toBeCallableWith(rows, options);
  const list: Outcome[] = [];
  expectTypeOf(images).toBeCallableWith(rows, { ...options, onImage: (image: Outcome) => list.push(image) });
  // @ts-expect-error: a row is an object with a prompt.
  expect(() => images([{ theme: new Date() }], options)).not.toThrow();
  // @ts-expect-error: a text is no list.
  expect(() => images('a fox', options)).not.toThrow();
});

it('a session needs nothing', () => {
  expectTypeOf(createSession).toBeCallableWith();
  expectTypeOf(createSession()).toEqualTypeOf<Session>();
  expect(createSession({ provider }).concurrency).toBe(10);
});

it('the layers below need no nulls, no total and no const', () => {
  const settings = { folder, provider };
  expectTypeOf(settings).toExtend<RunToFolderConfig>();
  const jobs = [{ model: 'a/b', input: { prompt: 'a fox' } }];
  const plans = () => planJobs(jobs);
  expectTypeOf(jobs).toExtend<readonly JobDraft[]>();
  expectTypeOf<Job>().toExtend<JobDraft>();
  expectTypeOf(planJobs).returns.toEqualTypeOf<AsyncGenerator<Plan, void, void>>();
  expectTypeOf(runToFolder(plans, settings)).toEqualTypeOf<Observable<FinishedRun>>();
  expectTypeOf(generate(plans, settings)).toEqualTypeOf<Observable<Outcome>>();
  expectTypeOf(generateStream(plans, settings)).toEqualTypeOf<AsyncGenerator<Outcome, void, undefined>>();
  const model: Model = { name: 'a/b', latestVersion: null, isOfficial: true, schema: null };
  const context = { model, count: 2, renditions: ['thumb=64x64'], limit: 4 };
  expectTypeOf(jobsFromRows([], context)).toEqualTypeOf<AsyncGenerator<Job, void, void>>();
  expectTypeOf(createReplicateProvider).toBeCallableWith();
  expect(() => createReplicateProvider({ token: '' })).toThrow();
});

interface Own extends PredictionRequest {
  readonly customer: string;
}

it('items keep the type of their requests, from prompt to outcome', async () => {
  const own: Own = { model: 'a/b', input: { prompt: 'a fox' }, customer: 'c1' };
  const requests = of(own);
  const taken = requests.pipe(budgetTake(createLedger({ limitMicroUsd: 3_000 }), { priceOf: () => 3_000 }));
  expectTypeOf(taken).toEqualTypeOf<Observable<Item<Own> | Failed<Own>>>();
  const made = taken.pipe(createPrediction(provider), awaitPrediction(provider));
  expectTypeOf(made).toEqualTypeOf<Observable<Made<Own> | Failed<Own>>>();
  const downloaded = made.pipe(downloadOutput(createDownloader(provider), { folder }));
  expectTypeOf(downloaded).toEqualTypeOf<Observable<Downloaded<Own> | Failed<Own>>>();
  const rendered = downloaded.pipe(renditions(createRenderer(), []));
  expectTypeOf(rendered).toEqualTypeOf<Observable<Rendered<Own> | Failed<Own>>>();
  expectTypeOf(rendered.pipe(toOutcome({ folder }))).toEqualTypeOf<Observable<Outcome>>();
  const only = made.pipe(throwFailed());
  expectTypeOf(only).toEqualTypeOf<Observable<Made<Own>>>();
  expect((await lastValueFrom(only)).request.customer).toBe('c1');
});

it('sinks are operators on outcomes', () => {
  expectTypeOf<ReturnType<typeof toOutcome>>().toBeCallableWith(of<Made & Downloaded>());
  expectTypeOf<NonNullable<ImagesOptions['sinks']>[number]>().toEqualTypeOf<
    OperatorFunction<Outcome, Outcome>
  >();
  const fault: unknown = Object.assign(new Error('a full disk'), { totals: {} });
  if (isRunFault(fault)) expectTypeOf(fault).toEqualTypeOf<RunFault>();
  expect([isRunFault(fault), isRunFault(new Error('none')), isRunFault(null)]).toEqual([true, false, false]);
});
