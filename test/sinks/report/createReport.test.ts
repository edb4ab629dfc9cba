import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createReport, writeReport } from '../../../src/sinks/report/report.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const readJson = async (name: string) => JSON.parse(await readFile(join(folder(), name), 'utf8'));

function aFailure(code: string, fields: Partial<Outcome> = {}): Outcome {
  const error = { name: 'E', code, message: 'm', recoverable: false, suggestion: '' };
  return anOutcome({ status: 'failed', costUsd: 0, metrics: {}, error, ...fields });
}

function reportOf(...outcomes: Outcome[]) {
  const report = createReport();
  for (const outcome of outcomes) report.add(outcome);
  return report.toJSON({ elapsedMs: 12_000 });
}

describe('createReport', () => {
  it('counts, adds up and divides', () => {
    const report = reportOf(
      anOutcome({ tags: { platform: 'post' }, costUsd: 0.1 }),
      anOutcome({ tags: { platform: 'post' }, costUsd: 0.2 }),
      anOutcome({ tags: { platform: 'story' }, model: 'other/one', costUsd: 0.025, cached: true }),
      aFailure('ERR_B', { tags: { platform: 'story' } }),
      aFailure('ERR_A', { predictionId: null }),
      aFailure('ERR_A', { status: 'skipped' }),
    );
    expect(report).toMatchObject({
      run: { elapsedMs: 12_000 },
      total: 3 + 2 + 1, // saved + failed + skipped
      saved: 3,
      failed: 2,
      skipped: 1,
      successRate: 3 / 6,
      cacheHits: 1,
      elapsedSeconds: 12,
      averageSecondsPerImage: 12 / 3,
      costUsd: 0.325, // in floating point 0.1 + 0.2 + 0.025 is more
      costIncomplete: false,
      costByModel: {
        'owner/name': { outcomes: 5, saved: 2, costUsd: 0.3, price: null },
        'other/one': { outcomes: 1, saved: 1, costUsd: 0.025 },
      },
      failuresByStage: { creation: 1, polling: 1, download: 0, rendering: 0, delivery: 0 },
      errors: [
        { code: 'ERR_A', count: 2 },
        { code: 'ERR_B', count: 1 },
      ],
      outputsByTag: { post: 2, story: 1 },
    });
  });

  it('sums up the runs of a folder, the last one apart', () => {
    const report = createReport();
    for (let index = 0; index < 10; index += 1) report.add(anOutcome({ index }));
    const earlier = [
      { startedAtMs: 0, elapsedMs: 30_000, apiRequests: 8, saved: 7 },
      { startedAtMs: 50_000, elapsedMs: 20_000, apiRequests: 4, saved: 3 },
    ];
    const run = { startedAtMs: 90_000, elapsedMs: 8, apiRequests: 0, saved: 0, costUsd: 0 };
    expect(report.toJSON(run, { earlier })).toMatchObject({
      run,
      runs: 3,
      elapsedSeconds: 50.008, // 30 + 20 + 0.008
      averageSecondsPerImage: 5.0008,
      requestsPerImage: 1.2, // (8 + 4 + 0) / (7 + 3)
    });
  });

  it('divides by the images that its runs made, if another run before them left no times', () => {
    const report = createReport();
    for (let index = 0; index < 10; index += 1) report.add(anOutcome({ index }));
    const { averageSecondsPerImage } = report.toJSON({ elapsedMs: 4_000, apiRequests: 2, saved: 2 });
    expect(averageSecondsPerImage).toBe(2);
    // Restored images are saved once more, and are the same images.
    const restored = { earlier: [{ elapsedMs: 16_000, saved: 10 }] };
    expect(report.toJSON({ elapsedMs: 4_000, saved: 10 }, restored).averageSecondsPerImage).toBe(2);
  });

  it('adds images that were made twice to the cost', () => {
    const report = createReport();
    report.add(anOutcome({ costUsd: 0.1 }));
    const surplus = { count: 2, costUsd: 0.2, predictionIds: ['a', 'b'] };
    expect(report.toJSON({ elapsedMs: 1 }, { surplus })).toMatchObject({ costUsd: 0.3, surplus });
    expect(report.toJSON({ elapsedMs: 1 })).not.toHaveProperty('surplus');
  });

  it('keeps the price of results that are no longer asked for in the cost', () => {
    const report = createReport();
    report.add(anOutcome({ costUsd: 0.1 }));
    expect(report.toJSON({ elapsedMs: 1 })).not.toHaveProperty('unused');
    report.addUnused(anOutcome({ costUsd: 0.2 }));
    report.addUnused(anOutcome({ costUsd: null }));
    expect(report.toJSON({ elapsedMs: 1 })).toMatchObject({
      total: 1,
      saved: 1,
      costUsd: 0.3,
      unused: { count: 2, costUsd: 0.2 },
    });
  });

  it('distinguishes estimates from bills, and own times from those of the service', () => {
    const report = reportOf(
      anOutcome({ costUsd: 0.1, metrics: { predict_time: 2 } }),
      anOutcome({ costUsd: 0.005, estimatedUsd: 0.005, metrics: { own_wall_time: 7 } }),
    );
    expect(report).toMatchObject({
      ...{ costUsd: 0.105, estimatedUsd: 0.005, costIncomplete: true },
      ...{ predictTime: { count: 1, maxSeconds: 2 }, ownWallTime: { count: 1, maxSeconds: 7 } },
    });
  });

  it('has each price with its source', () => {
    const report = createReport({ priceOf: (model) => (model === 'owner/name' ? '$1 an image' : null) });
    report.add(anOutcome({ costUsd: 1 }));
    report.add(anOutcome({ model: 'other/one', costUsd: null }));
    const { costByModel } = report.toJSON({ elapsedMs: 1 });
    expect(costByModel['owner/name']?.price).toBe('$1 an image');
    expect(costByModel['other/one']?.price).toBeNull();
  });

  it('reports that a price is missing', () => {
    expect(reportOf(anOutcome({ costUsd: null }))).toMatchObject({ costUsd: 0, costIncomplete: true });
  });

  it('divides by zero without harm', () => {
    expect(reportOf()).toMatchObject({
      total: 0,
      successRate: 0,
      averageSecondsPerImage: 0,
      predictTime: null,
      slowest: [],
    });
  });

  it('knows the distribution of times within 1 %, and the ten slowest', () => {
    const seconds = Array.from({ length: 1_000 }, (_, index) => (((index * 7_919) % 1_000) + 1) / 100);
    const { predictTime, slowest } = reportOf(
      ...seconds.map((predict_time, index) => anOutcome({ index, metrics: { predict_time } })),
    );
    expect(predictTime).toMatchObject({ count: 1_000, minSeconds: 0.01, maxSeconds: 10 });
    expect(predictTime?.averageSeconds).toBeCloseTo(5.005, 3);
    expect(Math.abs((predictTime?.medianSeconds ?? 0) - 5)).toBeLessThan(5 * 0.011);
    expect(Math.abs((predictTime?.p95Seconds ?? 0) - 9.5)).toBeLessThan(9.5 * 0.011);
    expect(slowest.map(({ predictSeconds }) => predictSeconds)).toEqual([
      10, 9.99, 9.98, 9.97, 9.96, 9.95, 9.94, 9.93, 9.92, 9.91,
    ]);
    expect(seconds[slowest[0]?.index ?? 0]).toBe(10);
  });

  it('leaves cached results out of the times', () => {
    expect(reportOf(anOutcome({ cached: true })).predictTime).toBeNull();
  });

  it('counts at most 1,000 names', () => {
    const failures = Array.from({ length: 1_200 }, (_, index) => aFailure(`ERR_${index}`));
    const { errors } = reportOf(...failures);
    expect(errors).toHaveLength(1_000 + 1); // separate errors + the rest
    expect(errors[0]).toEqual({ code: '(others)', count: 200 });
  });

  it('is written as report.json', async () => {
    const report = reportOf(anOutcome());
    await writeReport(folder(), report);
    expect(await readJson('report.json')).toEqual(report);
  });
});
