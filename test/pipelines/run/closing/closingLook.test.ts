import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, firstValueFrom, map, of } from 'rxjs';
import { beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { generate } from '../../../../src/pipelines/generate.ts';
import { closingLook } from '../../../../src/pipelines/run/closing/closingLook.ts';
import { writeResults } from '../../../../src/pipelines/run/closing/results.ts';
import { inOpenRun } from '../../../../src/pipelines/run/openRun.ts';
import type { OpenRun, RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToEnd } from '../../../../src/pipelines/runToEnd.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import type { SimulatorConfig } from '../../../../src/simulator/index.ts';
import { findModel } from '../../../../src/simulator/models/models.ts';
import { versionOf } from '../../../../src/simulator/models/simulatedModel.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { openJournal } from '../../../../src/store/journal/journal.ts';
import type { Outcome, Prediction } from '../../../../src/types.ts';
import { anOutcome } from '../../../helpers/anOutcome.ts';
import { aPrediction } from '../../../helpers/fakeProvider.ts';
import { hurried } from '../../../helpers/hurried.ts';
import { jobOf } from '../../../helpers/jobOf.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
let events: RunEvent[] = [];
beforeEach(() => {
  events = [];
});

/** Paid by the second; its usual time is 5 s. Run by version. */
const SDXL = 'stability-ai/sdxl';
const sdxl = findModel.named(SDXL);
const version = sdxl === null ? null : versionOf(sdxl);

async function start(config: SimulatorConfig = {}) {
  const simulator = await simulated({ earlyOutputRate: 1, ...config });
  return { simulator, provider: createReplicateProvider(simulator) };
}
type Settings = Pick<RunSettings, 'provider'> & Partial<RunSettings>;
function plansOf(count: number, model = SCHNELL, seedOf = (index: number) => index) {
  const jobs = Array.from({ length: count }, (_, index) =>
    jobOf({
      ...{ index, model, version: model === SDXL ? version : null },
      input: { prompt: 'a cat', seed: seedOf(index) },
    }),
  );
  const priceMicroUsd = model === SDXL ? 4_875 : 3_000;
  return () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => priceMicroUsd });
}
const settingsOf = (settings: Settings): RunSettings => {
  const emit = (event: RunEvent) => events.push(event);
  return { folder: folder(), emit, gallery: false, ratePerMinute: 100_000, ...settings };
};
const run = (
  count: number,
  settings: Settings,
  ...job: [model?: string, seedOf?: (index: number) => number]
) => firstValueFrom(runToFolder(plansOf(count, ...job), settingsOf(settings)));
/** A run as above, with another counter of surplus predictions. */
const counted = (
  count: number,
  settings: Settings,
  surplus: Partial<OpenRun['surplus']>,
  manifest: Partial<OpenRun['manifest']> = {},
) =>
  firstValueFrom(
    inOpenRun(settingsOf(settings), (opened) => {
      const watched = {
        ...opened,
        surplus: { ...opened.surplus, ...surplus },
        manifest: { ...opened.manifest, ...manifest },
      };
      const plans = plansOf(count);
      const work = { outcomes: generate(plans, opened.config), plans, total: count, alreadySaved: 0 };
      const end = runToEnd(work, watched);
      return end.pipe(
        concatMap((ended) => closingLook(ended, watched)),
        concatMap((looked) => writeResults(looked, watched)),
      );
    }),
  );
const outcomes = async (): Promise<Outcome[]> =>
  JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8')).outcomes;
const measuredEvents = () => events.filter(({ type }) => type === 'job.measured');

it('fills in the times that an early response lacks, in manifest, sidecar and report', async () => {
  const { simulator, provider } = await start();
  const { report } = await run(6, { provider });
  const all = await outcomes();
  for (const { metrics, completedAt } of all) {
    expect(metrics).toMatchObject({ predict_time: expect.any(Number), total_time: expect.any(Number) });
    expect(metrics).not.toHaveProperty('own_wall_time');
    expect(Date.parse(completedAt ?? '')).toBeGreaterThan(0);
  }
  expect(report).toMatchObject({ predictTime: { count: 6 }, ownWallTime: null, requestsPerImage: 1.167 });
  const [first] = all;
  const sidecar = `${first?.files[0]?.path.replace(/\.\w+$/, '')}.json`;
  expect(JSON.parse(await readFile(join(folder(), sidecar), 'utf8'))).toEqual(first);
  expect(measuredEvents()).toHaveLength(6);
  expect(simulator.stats().requests).toMatchObject({ create: 6, list: 1, get: 0 });
});

it('dates an image by the response if that came before the end, and the data by the end', async () => {
  const { provider } = await start();
  const before = Date.now();
  await run(1, { provider });
  const [{ files = [], completedAt = null } = {}] = await outcomes();
  const text = await readFile(join(folder(), files[0]?.path ?? ''), 'latin1');
  const [, date = ''] = /xmp:CreateDate="([^"]+)/.exec(text) ?? [];
  expect(Date.parse(date)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(date)).toBeGreaterThanOrEqual(Date.parse(completedAt ?? ''));
});

it('sends one list request for a hundred images, and none if nothing is missing', async () => {
  const { simulator, provider } = await start();
  await run(250, { provider, sidecars: false, concurrency: 50 });
  expect((await outcomes()).every(({ completedAt }) => completedAt !== null)).toBe(true);
  const { requests } = simulator.stats();
  expect(requests.create).toBe(250);
  expect(requests.list).toBeLessThanOrEqual(4); // 250 / 100, and one
  await run(250, { provider, sidecars: false });
  expect(simulator.stats().requests.list).toBe(requests.list);
});

it('books the exact cost of a model that is paid by the second, in totals, report and journal', async () => {
  const { simulator, provider } = await start();
  const { totals, report } = await run(3, { provider }, SDXL);
  expect(totals.saved).toBe(3);
  const billed = simulator.stats().billedMicroUsd;
  expect(Math.round(totals.costUsd * 1e6)).toBe(billed);
  expect(totals).not.toHaveProperty('estimatedUsd');
  expect(report).toMatchObject({ costUsd: billed / 1e6, costIncomplete: false, estimatedUsd: 0 });
  expect(report.costByModel[SDXL]).toMatchObject({ costUsd: billed / 1e6, estimatedUsd: 0 });
  const journal = openJournal(folder());
  expect(journal.spentMicroUsd()).toBe(billed);
  journal.close();
});

it('books the count of the service if an early response had other outputs', async () => {
  const { provider } = await start();
  const counted = (prediction: Prediction): Prediction => ({
    ...prediction,
    metrics: { ...prediction.metrics, image_count: 3 },
  });
  const withCounts: typeof provider = {
    ...provider,
    listPredictions: (...asked) =>
      provider
        .listPredictions(...asked)
        .pipe(map((page) => ({ ...page, predictions: page.predictions.map(counted) }))),
  };
  const { totals, report } = await run(2, { provider: withCounts });
  expect(totals.costUsd).toBe(0.018);
  expect(report.costUsd).toBe(0.018);
  expect((await outcomes()).map(({ costUsd }) => costUsd)).toEqual([0.009, 0.009]);
  // Once: the count is in the outcome now.
  expect((await run(2, { provider: withCounts })).report.costUsd).toBe(0.018);
  const journal = openJournal(folder());
  expect(journal.spentMicroUsd()).toBe(18_000);
  journal.close();
});

const forbidden = { type: 'answer', status: 403, body: '{"detail":"no"}' } as const;
it('asks by id for times and cost if the list is forbidden, and reports uncounted costs', async () => {
  const { simulator, provider } = await start({ faults: { onList: () => forbidden } });
  const { report, totals } = await run(2, { provider }, SDXL);
  expect(report).toMatchObject({ costIncomplete: false, predictTime: { count: 2 } });
  expect(Math.round(totals.costUsd * 1e6)).toBe(simulator.stats().billedMicroUsd);
  expect(simulator.stats().requests).toMatchObject({ list: 1, get: 2 });
  expect(events).toContainEqual({
    type: 'warning',
    message: expect.stringMatching(/^The list of predictions could not be read, so predictions that were/),
  });
});

it('counts images that were made twice, also if the list shows no inputs', async () => {
  const { simulator, provider } = await start({ faults: { isRepeated: ({ input }) => input.seed === 1 } });
  const bare: Settings['provider'] = {
    ...provider,
    listPredictions: (query) =>
      provider
        .listPredictions(query)
        .pipe(
          map((page) => ({ ...page, predictions: page.predictions.map((one) => ({ ...one, input: null })) })),
        ),
  };
  const { report } = await run(3, { provider: bare });
  expect(report.surplus?.count).toBe(1);
  expect(simulator.stats().requests).toMatchObject({ get: 1 });
});

it('leaves an estimate and own times if the service is of no help, and fills them in next time', async () => {
  const state = { broken: true };
  const answer = () => (state.broken ? forbidden : null);
  const faults = { onList: answer, onGet: answer };
  const { simulator, provider } = await start({ faults });
  const first = await run(2, { provider }, SDXL);
  expect(first.fault).toBeNull();
  expect(first.totals).toMatchObject({ saved: 2, costUsd: 0.00975, estimatedUsd: 0.00975 });
  expect(first.report).toMatchObject({ costIncomplete: true, predictTime: null, ownWallTime: { count: 2 } });
  expect(events).toContainEqual({
    type: 'warning',
    message: expect.stringMatching(/^The run times of 2 images could not be read from the list/),
  });
  state.broken = false;
  const second = await run(2, { provider }, SDXL);
  expect(second.totals).toMatchObject({ alreadySaved: 2, saved: 0 });
  expect(second.report).toMatchObject({ costIncomplete: false, predictTime: { count: 2 } });
  expect(Math.round(second.report.costUsd * 1e6)).toBe(simulator.stats().billedMicroUsd);
});

it('fills in jobs that share the result of another', async () => {
  const { provider } = await start();
  await run(3, { provider, cacheFolder: `${folder()}-cache` }, SCHNELL, () => 7);
  const all = await outcomes();
  expect(all.filter(({ cached }) => cached)).toHaveLength(2);
  expect(all.every(({ metrics }) => typeof metrics.predict_time === 'number')).toBe(true);
});

it('does not look after a run that the service has stopped', async () => {
  const { simulator, provider } = await start({ creditUsd: 0.006 });
  await run(5, { provider, concurrency: 1 });
  expect(simulator.stats().requests).toMatchObject({ list: 0 });
});

it('counts the predictions of the list that belong to no job: ids, cost, a warning', async () => {
  const { simulator, provider } = await start({ earlyOutputRate: 0 });
  const seen: Prediction[] = [];
  const extra = {
    see: (one: Prediction) => seen.push(one) > 0,
    result: () => seen.slice(0, 2),
  };
  const { report, totals } = await counted(4, { provider }, extra);
  expect(seen).toHaveLength(4);
  expect(simulator.stats().requests.list).toBe(1);
  const ids = seen.slice(0, 2).map(({ id }) => id);
  expect(report.surplus).toEqual({ count: 2, costUsd: 0.006, predictionIds: ids });
  expect([report.costUsd, totals.costUsd]).toEqual([0.018, 0.018]); // four images and two for nothing
  expect(events).toContainEqual({
    type: 'warning',
    message:
      '2 predictions equal requests of this folder but belong to no job: they were made twice, for jobs that are no longer in the input, or by another run with the same prompts ($0.006). report.json has their ids.',
  });
});

it('keeps counting the surplus of earlier runs, until a job has claimed it', async () => {
  const { provider } = await start({ earlyOutputRate: 0 });
  await run(2, { provider });
  const [claimed] = await outcomes();
  const path = join(folder(), 'report.json');
  const report = JSON.parse(await readFile(path, 'utf8'));
  const predictionIds = ['lost1', claimed?.predictionId, 'lost2'];
  await writeFile(path, JSON.stringify({ ...report, surplus: { count: 3, costUsd: 0.009, predictionIds } }));
  const next = await run(2, { provider });
  expect(next.report.surplus).toEqual({ count: 2, costUsd: 0.006, predictionIds: ['lost1', 'lost2'] });
  expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
});

it('leaves a prediction that still runs to the next run, and asks for several at a time', async () => {
  const { provider } = await start({ earlyOutputRate: 0 });
  const seen: Prediction[] = [];
  const running = {
    see: (one: Prediction) =>
      seen.push({ ...one, status: seen.length === 0 ? 'succeeded' : 'processing' }) > 0,
    result: () => seen,
  };
  let asked = 0;
  const slow = {
    ...provider,
    getPrediction: (id: string) => {
      asked += 1;
      return of(aPrediction({ id, status: 'unknown' }));
    },
  };
  const scheduler = hurried(1_000);
  const { report } = await counted(4, { provider: slow, scheduler }, running);
  expect(report.surplus).toMatchObject({ count: 1, predictionIds: [seen[0]?.id] });
  expect(report.run.unlookedSinceMs).toBe(report.run.startedAtMs);
  expect(asked).toBe(9);
});

it('keeps the surplus of a folder whose run the service stops, and looks in the next run', async () => {
  const noCredit = { type: 'answer', status: 402, body: '{"detail":"no credit"}' } as const;
  const state = { hasCredit: false };
  const { provider } = await start({
    earlyOutputRate: 0,
    faults: {
      isRepeated: ({ serial }) => serial === 0,
      beforeCreate: ({ input }) => (state.hasCredit || input.seed === 0 ? null : noCredit),
    },
  });
  const stopped = await run(2, { provider, concurrency: 1 });
  expect(stopped.fault).toMatchObject({ status: 402 });
  expect(stopped.report).not.toHaveProperty('surplus');
  expect(stopped.report.run.unlookedSinceMs).toBe(stopped.report.run.startedAtMs);
  state.hasCredit = true;
  const next = await run(2, { provider });
  expect(next.report).toMatchObject({ saved: 2, costUsd: 0.009, surplus: { count: 1, costUsd: 0.003 } });
  expect(next.report.run).not.toHaveProperty('unlookedSinceMs');
});

it('takes the jobs that share one result in linear time', async () => {
  const { provider } = await start({ earlyOutputRate: 0 });
  const lists: unknown[] = [];
  const listing = {
    ...provider,
    listPredictions: (query: Parameters<typeof provider.listPredictions>[0]) => {
      lists.push(query);
      return provider.listPredictions(query);
    },
  };
  async function* unmeasured() {
    for (let index = 0; index < 200_000; index += 1) {
      yield anOutcome({ index, predictionId: 'gone', cached: index > 0, createdAt: null });
    }
  }
  const { fault } = await counted(1, { provider: listing, scheduler: hurried(1_000) }, {}, { unmeasured });
  expect(fault).toBeNull();
  expect(lists.length).toBeGreaterThan(0);
}, 20_000);
