import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delayWhen, firstValueFrom, lastValueFrom, of, Subject, throwError } from 'rxjs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProviderError, UsageError } from '../../src/errors.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import type { FinishedRun } from '../../src/pipelines/run/closing/results.ts';
import type { RunSettings } from '../../src/pipelines/run/settings.ts';
import { type RunToFolderConfig, runCounted, runToFolder } from '../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import {
  chaosProfile,
  type HazardName,
  type Simulator,
  type SimulatorConfig,
  startSimulator,
} from '../../src/simulator/index.ts';
import { outcomeSchema } from '../../src/sinks/manifest/readOutcomes.ts';
import { planJobs } from '../../src/sources/planning/planJobs.ts';
import { fakeProvider } from '../../src/testing/fakeProvider.ts';
import type { Job, Outcome, RenditionSpec } from '../../src/types.ts';
import { hurried } from '../helpers/hurried.ts';
import { untimed } from '../helpers/untimed.ts';

let folder = '';
let simulator: Simulator;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
});
afterEach(async () => {
  await simulator.close();
  // A stopped run may still be writing a file.
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

/**
 * Whether a request was made when its run broke off is up to chance: the list shows it at once,
 * unless it is left to the run to find out.
 */
const start = async (config: SimulatorConfig = {}, listIsCurrent = true) => {
  simulator = await startSimulator({ render: 'fast', speed: 100, ...config });
  return createReplicateProvider({ ...simulator, listIsCurrent });
};
const thumb: RenditionSpec = {
  name: 'thumb',
  widthPx: 8,
  heightPx: 8,
  fit: 'cover',
  format: 'jpeg',
  quality: 80,
};
const jobs = (count: number): Job[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    prompt: `A pear, number ${index}`,
    model: 'black-forest-labs/flux-schnell',
    version: null,
    input: { prompt: `A pear, number ${index}`, seed: index },
    tags: {},
    renditions: [thumb],
  }));
const run = (
  count: number,
  settings: Pick<RunSettings, 'provider'> & Partial<RunToFolderConfig>,
): Promise<FinishedRun> => {
  const plans = () => planJobs(jobs(count), { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
  return firstValueFrom(runToFolder(plans, { folder, ratePerMinute: 100_000, ...settings }));
};
const manifest = async () =>
  z
    .object({ run: z.unknown(), outcomes: z.array(outcomeSchema) })
    .parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));

async function expectWhole(outcomes: readonly Pick<Outcome, 'files'>[]): Promise<void> {
  for (const { path, sha256, bytes } of outcomes.flatMap(({ files }) => files)) {
    const content = await readFile(join(folder, path));
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  }
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
}

describe('a run in its folder', () => {
  it('makes every image once and leaves everything about it', async () => {
    // Slow enough that a busy machine fills all slots too.
    const provider = await start({ speed: 8 });
    const { totals, fault } = await run(30, { provider, concurrency: 5 });
    expect(fault).toBeNull();
    expect(totals).toMatchObject({ total: 30, saved: 30, failed: 0, skipped: 0, costUsd: 0.09 });
    expect(simulator.stats()).toMatchObject({
      created: 30,
      maxInFlight: 5,
      tokensAtFileHost: 0,
      // The predictions, one to learn that it is a simulator, and one page of the list, for the times
      // of those whose output came before their end.
      apiRequests: 30 + 1 + 1,
    });
    const { outcomes } = await manifest();
    expect(outcomes.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(outcomes[7]).toMatchObject({
      status: 'saved',
      attempts: 1,
      files: [
        { role: 'original', path: '0008-a-pear-number-7.webp' },
        { role: 'rendition', path: '0008-a-pear-number-7--thumb.jpg', width: 8 },
      ],
    });
    await expectWhole(outcomes);
    expect(JSON.parse(await readFile(join(folder, '0008-a-pear-number-7.json'), 'utf8'))).toEqual(
      outcomes[7],
    );
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({
      total: 30,
      saved: 30,
      successRate: 1,
      // A create request each, which waits for the result, and the closing look.
      requestsPerImage: 1.033,
    });
  });

  it('writes gallery and contact sheet, however its jobs end, and none if `gallery` is false', async () => {
    const provider = await start();
    await run(4, { provider, gallery: false });
    expect((await readdir(folder)).filter((name) => /gallery|sheet|thumbs/.test(name))).toEqual([]);
    await run(6, { provider, budgetMicroUsd: 15_000 });
    const [, json = ''] =
      /id="data">(.*?)<\/script>/s.exec(await readFile(join(folder, 'gallery.html'), 'utf8')) ?? [];
    const { report, jobs } = JSON.parse(json);
    expect(report).toMatchObject({ saved: 5, skipped: 1 });
    expect(jobs.map(({ status }: Outcome) => status)).toEqual([...Array(5).fill('saved'), 'skipped']);
    expect(await sharp(join(folder, 'contact-sheet.jpg')).metadata()).toMatchObject({ format: 'jpeg' });
  });

  it('is complete without a gallery if the disk refuses one, and warns', async () => {
    const provider = await start();
    await run(1, { provider, gallery: false });
    await mkdir(join(folder, 'gallery.html'));
    const events: RunEvent[] = [];
    const { totals, fault } = await run(2, { provider, emit: (event) => events.push(event) });
    expect([totals.saved, fault]).toEqual([1, null]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'warning', message: expect.stringContaining('gallery could not be made') },
      { type: 'run.completed' },
    ]);
  });

  it('reports each step of a sequential run, the jobs of an earlier run counted in', async () => {
    const provider = await start();
    await run(2, { provider });
    const events: RunEvent[] = [];
    await run(4, { provider, strategy: 'sequential', emit: (event) => events.push(event) });
    expect(events.filter(({ type }) => type === 'job.progress' || type === 'run.started')).toMatchObject([
      { type: 'run.started', concurrency: 1 },
      { current: 3, total: 4, percent: 75, prompt: 'A pear, number 2', status: 'saved' },
      { current: 4, total: 4, percent: 100, predictionId: expect.any(String), elapsedMs: expect.any(Number) },
    ]);
    expect(simulator.stats()).toMatchObject({ created: 4 });
  });

  it('reaches 100 % in a sequential run whose `only` leaves jobs out', async () => {
    const provider = await start();
    await run(1, { provider });
    const events: RunEvent[] = [];
    const only = (index: number) => index < 2;
    await run(4, { provider, strategy: 'sequential', only, emit: (event) => events.push(event) });
    expect(events.filter(({ type }) => type === 'job.progress' || type === 'run.started')).toMatchObject([
      { total: 4, alreadySaved: 1, jobs: 1 },
      { current: 2, total: 2, percent: 100, prompt: 'A pear, number 1', status: 'saved' },
    ]);
  });

  it('writes no sidecars if `sidecars` is false', async () => {
    const provider = await start();
    const { totals } = await run(2, { provider, sidecars: false, gallery: false });
    expect(totals).toMatchObject({ saved: 2 });
    expect((await readdir(folder)).filter((name) => /^\d.*\.json$/.test(name))).toEqual([]);
    await expectWhole((await manifest()).outcomes);
  });

  it('makes only missing images the next time', async () => {
    const provider = await start();
    await run(4, { provider });
    const { totals } = await run(6, { provider });
    expect(totals).toMatchObject({ total: 6, alreadySaved: 4, saved: 2 });
    expect(simulator.stats().created).toBe(6);
    expect((await manifest()).outcomes).toHaveLength(6);
  });

  it('keeps the budget over restarts and reports skipped jobs', async () => {
    const provider = await start();
    await run(10, { provider, budgetMicroUsd: 9_000 });
    const { totals } = await run(10, { provider, budgetMicroUsd: 15_000 });
    expect(totals).toMatchObject({ alreadySaved: 3, saved: 2, skipped: 5 });
    expect(simulator.stats().billedMicroUsd).toBe(15_000);
    expect((await manifest()).outcomes.filter(({ status }) => status === 'skipped')).toHaveLength(5);
  });

  it('names the budget that would do: spent, reserved and the price of the rest', async () => {
    const provider = await start();
    const { totals } = await run(10, { provider, budgetMicroUsd: 9_000 });
    // 30,000 in all, in whole cents.
    expect(totals).toMatchObject({ saved: 3, skipped: 7, budgetNeededUsd: 0.03 });
    const next = await run(10, { provider, budgetMicroUsd: 30_000 });
    expect(next.totals).toMatchObject({ alreadySaved: 3, saved: 7, skipped: 0 });
    expect(next.totals).not.toHaveProperty('budgetNeededUsd');
  });

  it('stops as a whole without credit, with an outcome for every job, and continues when there is some', async () => {
    const poor = await start({ creditUsd: 0 });
    const { totals, fault } = await run(5, { provider: poor });
    expect(fault).toMatchObject({ code: 'ERR_NO_CREDIT' });
    expect(totals).toMatchObject({ saved: 0, skipped: 5 });
    expect((await manifest()).outcomes).toHaveLength(5);
    await simulator.close();
    const again = await run(5, { provider: await start(), scheduler: hurried(10) });
    expect(again.totals).toMatchObject({ saved: 5 });
  });

  it.each([true, false])(
    'loses no job and no attempt to a service that refuses, with rateLimitHeaders: %s',
    async (rateLimitHeaders) => {
      // 20 a second, so few that a busy machine asks for more too.
      const limits = { createPerMinute: 12, createBurst: 5, rateLimitHeaders };
      const provider = await start({ ...limits, speed: 100, medianMs: 1_000, coldStarts: false });
      const { totals } = await run(40, {
        provider,
        concurrency: 20,
        scheduler: hurried(10, { isFast: true }),
      });
      const { created, refused429 } = simulator.stats();
      expect(totals).toMatchObject({ saved: 40 });
      expect(created).toBe(40);
      expect(refused429).toBeGreaterThan(0);
      expect(refused429).toBeLessThanOrEqual(40);
      expect((await manifest()).outcomes.map(({ attempts }) => attempts)).toEqual(Array(40).fill(1));
    },
  );

  it('is refused to a second run', async () => {
    const provider = await start();
    const answered = Promise.withResolvers<void>();
    const slow: RunSettings['provider'] = {
      ...provider,
      createPrediction: (...args) =>
        provider.createPrediction(...args).pipe(delayWhen(() => answered.promise)),
    };
    const first = run(1, { provider: slow });
    await expect.poll(() => simulator.stats().created).toBe(1);
    await expect(run(1, { provider })).rejects.toMatchObject({ name: 'UsageError' });
    answered.resolve();
    expect((await first).totals).toMatchObject({ saved: 1 });
  });

  it('is refused to another input if its input is fixed, unless it is wanted there', async () => {
    const provider = await start();
    await run(2, { provider, fixedInput: 'a' });
    await expect(run(2, { provider, fixedInput: 'b' })).rejects.toMatchObject({ name: 'UsageError' });
    await expect(run(2, { provider, fixedInput: 'b', resumeAnyway: true })).resolves.toMatchObject({
      totals: { alreadySaved: 2 },
    });
  });

  it('cannot be a folder that cannot be written', async () => {
    const provider = await start();
    await expect(run(1, { provider, folder: '/dev/null/run' })).rejects.toMatchObject({ name: 'UsageError' });
    expect(simulator.stats().created).toBe(0);
  });
});

describe('faults on the way', () => {
  /** Every so many calls something happens. */
  const every = <T>(times: number, fault: T) => {
    let calls = 0;
    return () => {
      calls += 1;
      return calls % times === 0 ? fault : null;
    };
  };

  /**
   * Runs in a hurry until no job is uncertain any more: a create request that was lost on its way
   * when no other was sent after it. The next run looks for it again, then makes the image.
   */
  const runUntilCertain = async (count: number, provider: RunSettings['provider']) => {
    const settings = {
      provider: untimed(provider),
      concurrency: 10,
      scheduler: hurried(50, { isFast: true }),
      lookForMs: 10_000,
    };
    let { totals } = await run(count, settings);
    for (let runs = 1; runs < 9 && totals.failed > 0; runs += 1) {
      const failed = (await manifest()).outcomes.filter(({ status }) => status === 'failed');
      expect(new Set(failed.map(({ error }) => error?.code))).toEqual(new Set(['ERR_UNCERTAIN']));
      ({ totals } = await run(count, { ...settings, repay: true }));
    }
    return { saved: totals.saved + totals.alreadySaved };
  };

  it('resets before and after the create request took effect, 502s and cut downloads: each image is made once', async () => {
    const faults = {
      beforeCreate: every(7, { type: 'reset' } as const),
      afterCreate: every(5, { type: 'reset' } as const),
      onFile: every(4, { type: 'cut', share: 0.5 } as const),
      onList: every(3, { type: 'answer', status: 500, body: 'no' } as const),
    };
    const provider = await start({ faults }, false);
    expect(await runUntilCertain(40, provider)).toEqual({ saved: 40 });
    expect(simulator.stats()).toMatchObject({ created: 40, succeeded: 40 });
    await expectWhole((await manifest()).outcomes);
  });

  it('runs that the platform spoiled are run again; only they are made twice', async () => {
    const provider = await start({ faults: { onOutcome: every(5, 'Director: unexpected error (E9828)') } });
    const { totals } = await run(10, { provider, concurrency: 10 });
    const { created, failed } = simulator.stats();
    expect(totals).toMatchObject({ saved: 10 });
    expect(failed).toBeGreaterThan(0);
    expect(created).toBe(10 + failed);
  });

  it('a storm of everything at once: 60 of 60, and nothing made but for them and those that failed by themselves', async () => {
    const met = new Map<HazardName, number>();
    const onStrike = (name: HazardName) => met.set(name, (met.get(name) ?? 0) + 1);
    const provider = await start(chaosProfile('storm', { speed: 100, onStrike }), false);
    expect(await runUntilCertain(60, provider)).toEqual({ saved: 60 });
    const { created, failed } = simulator.stats();
    expect(created).toBe(60 + failed);
    expect(failed).toBe(met.get('platformFailure'));
    for (const name of ['resetBeforeCreate', 'resetAfterCreate', 'cutFile'] as const) {
      expect(met.get(name), name).toBeGreaterThan(0);
    }
    await expectWhole((await manifest()).outcomes);
  });
});

describe('a folder that is changed during the run', () => {
  const file = (name: string) => join(folder, name);
  /** Runs 40 jobs and does it, at one stroke, once some are saved. */
  const interfere = (provider: RunSettings['provider'], touch: () => void) => {
    let saved = 0;
    const emit: RunSettings['emit'] = ({ type }) => {
      if (type === 'image.saved') saved += 1;
      if (type === 'image.saved' && saved === 6) touch();
    };
    return run(40, { provider, concurrency: 3, emit }).then(
      ({ fault }) => fault,
      (error: unknown) => error,
    );
  };

  it.each([
    ['run.sqlite is deleted', () => rmSync(file('run.sqlite'))],
    [
      'run.sqlite and its log are deleted',
      () => {
        rmSync(file('run.sqlite'));
        rmSync(file('run.sqlite-wal'));
      },
    ],
    ['manifest.jsonl is deleted', () => rmSync(file('manifest.jsonl'))],
    ['manifest.jsonl is cut', () => truncateSync(file('manifest.jsonl'), 100)],
    ['all is deleted', () => rmSync(folder, { recursive: true, maxRetries: 5 })],
  ])('%s: the run stops, and the next one finishes without making anything twice', async (_, touch) => {
    const provider = await start();
    expect(await interfere(provider, touch)).toMatchObject({
      name: 'StorageError',
      code: 'ERR_FOLDER_CHANGED',
    });
    expect(simulator.stats().created).toBeLessThan(40);
    const { totals } = await run(40, { provider });
    expect(totals.saved + totals.alreadySaved).toBe(40);
    expect(simulator.stats().created).toBe(40);
    await expectWhole((await manifest()).outcomes);
  });

  it('moved away and back', async () => {
    const provider = await start();
    const fault = await interfere(provider, () => renameSync(folder, `${folder}.moved`));
    expect(fault).toMatchObject({ message: expect.stringContaining('moved away') });
    // The stopped run may still be writing a file: each rename takes effect at once.
    if (existsSync(folder)) renameSync(folder, `${folder}.late`);
    renameSync(`${folder}.moved`, folder);
    await rm(`${folder}.late`, { recursive: true, force: true, maxRetries: 10 });
    await run(40, { provider });
    expect(simulator.stats().created).toBe(40);
  });

  it('between two runs: a lost journal is built again from its log', async () => {
    const provider = await start();
    await run(2, { provider });
    await rm(file('run.sqlite'));
    expect((await run(2, { provider })).totals).toMatchObject({ saved: 0, alreadySaved: 2 });
    expect(simulator.stats().created).toBe(2);
  });

  it('between two runs: without journal and log nothing is made, because payments are unknown', async () => {
    const provider = await start();
    await run(2, { provider });
    await rm(file('run.sqlite'));
    await rm(file('journal.jsonl'));
    await expect(run(2, { provider })).rejects.toMatchObject({
      name: 'UsageError',
      suggestion: expect.stringContaining('manifest.jsonl'),
    });
    await expect(run(2, { provider })).rejects.toMatchObject({ name: 'UsageError' });
    await rm(file('manifest.jsonl'));
    expect((await run(2, { provider })).totals).toMatchObject({ saved: 2 });
    expect(simulator.stats().created).toBe(4);
  });

  it('between two runs: a lost manifest is written again, and each job counts once', async () => {
    const provider = await start();
    await run(4, { provider });
    await rm(file('manifest.jsonl'));
    expect((await run(4, { provider })).totals).toMatchObject({ saved: 4, alreadySaved: 0 });
    expect((await run(2, { provider })).totals).toMatchObject({ total: 2, saved: 0, alreadySaved: 2 });
    expect(simulator.stats().created).toBe(4);
    expect((await manifest()).outcomes).toHaveLength(2);
  });
});

describe('a run that is stopped', () => {
  /** Stops a run at its next saved image. */
  const stopped = (count: number, settings: Pick<RunSettings, 'provider'> & Partial<RunToFolderConfig>) => {
    const stop = new Subject<void>();
    const emit = ({ type }: RunEvent) => type === 'image.saved' && stop.next();
    return run(count, { strategy: 'sequential', stop, emit, ...settings });
  };
  const failing = (provider: RunSettings['provider']): RunSettings['provider'] => ({
    ...provider,
    createPrediction: (request, ...rest) =>
      String(request.input.prompt).endsWith('0')
        ? throwError(() => new ProviderError('ERR_INVALID_INPUT', 'refused', { suggestion: '' }))
        : provider.createPrediction(request, ...rest),
  });

  it('counts every job without a turn as skipped, each time', async () => {
    const provider = await start();
    // The second run trusts the folder, as it does for the same command again.
    const same = { fingerprint: 'same', haveFiles: false };
    const first = await stopped(6, { provider, ...same });
    const second = await stopped(6, { provider, ...same });
    expect(first.totals).toMatchObject({ total: 6, saved: 1, skipped: 5 });
    expect(second.totals).toMatchObject({ alreadySaved: 1, saved: 1, skipped: 4 });
    expect((await manifest()).run).toMatchObject({ skipped: second.totals.skipped });
  });

  it('counts a failure of an earlier run without a turn as skipped, and keeps its line', async () => {
    const provider = await start();
    await run(3, { provider: failing(provider), only: (index) => index === 0 });
    const stop = of(undefined);
    const { totals } = await run(3, { provider, stop });
    expect(totals).toMatchObject({ total: 3, saved: 0, failed: 0, skipped: 3, costUsd: 0 });
    expect((await manifest()).outcomes.map(({ status }) => status)).toEqual(['failed', 'skipped', 'skipped']);
  });

  it('lists the predictions that the next run leaves to the service', async () => {
    const provider = await start();
    await run(2, { provider, stop: of(undefined) });
    const { report, totals } = await run(2, { provider, detach: true });
    expect(totals).toMatchObject({ saved: 0, skipped: 2, left: { jobs: 2, reservedUsd: 0.006 } });
    expect(report.errors).toMatchObject([{ code: 'ERR_NOT_COLLECTED', count: 2 }]);
  });
});

describe('another input in the same folder', () => {
  it('gets its own images, even if its first run was stopped on the way', async () => {
    const provider = await start();
    const others = jobs(4).map((job) => ({ ...job, input: { ...job.input, seed: 7 + job.index } }));
    const begin = (stop: RunSettings['stop']) =>
      lastValueFrom(
        runToFolder(() => planJobs(others, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 }), {
          folder,
          provider,
          fingerprint: 'b',
          ...(stop === undefined ? {} : { stop }),
        }),
      );
    await run(4, { provider, fingerprint: 'a' });
    expect((await begin(of('at once'))).totals).toMatchObject({ saved: 0, alreadySaved: 0 });
    expect((await begin(undefined)).totals).toMatchObject({ saved: 4, alreadySaved: 0 });
    expect((await begin(undefined)).totals).toMatchObject({ saved: 0, alreadySaved: 4 });
    expect(simulator.stats().created).toBe(8);
  });
});

describe('an input that goes away during the run', () => {
  it('stops it, without a message that nothing was created', async () => {
    const provider = await start();
    let passes = 0;
    const plans = () => {
      passes += 1;
      if (passes > 2) throw new UsageError('a.txt: Expected a readable prompt file, got none');
      return planJobs(jobs(2), { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
    };
    // The third has no outcome in the end, so its plan is looked for.
    const { fault, totals } = await firstValueFrom(runCounted(plans, 3, { folder, provider }));
    expect(fault).toMatchObject({ name: 'StorageError', message: expect.stringContaining('got none') });
    expect(totals).toMatchObject({ saved: 2 });
  });
});

describe('an input that changes during the run', () => {
  const changing = async (counts: readonly number[]) => {
    const provider = await start();
    const events: RunEvent[] = [];
    let passes = 0;
    const plans = () => {
      const count = counts[Math.min(passes, counts.length - 1)] ?? 0;
      passes += 1;
      return planJobs(jobs(count), { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
    };
    const emit = (event: RunEvent) => events.push(event);
    const { totals } = await lastValueFrom(runCounted(plans, 4, { folder, provider, emit }));
    return { totals, warnings: events.filter(({ type }) => type === 'warning') };
  };

  it('makes the jobs that it has counted, and warns once that there are more', async () => {
    const { totals, warnings } = await changing([6, 7]);
    expect(totals).toMatchObject({ total: 4, saved: 4, failed: 0, skipped: 0 });
    expect(simulator.stats()).toMatchObject({ created: 4 });
    expect((await manifest()).outcomes).toHaveLength(4);
    expect(warnings).toEqual([
      { type: 'warning', message: expect.stringContaining('more than its 4 jobs since the run began') },
    ]);
  });

  it('counts a job that is gone as not saved, and warns of it once', async () => {
    const { totals, warnings } = await changing([3]);
    expect(totals).toMatchObject({ total: 4, saved: 3, failed: 0, skipped: 0 });
    expect(warnings).toEqual([{ type: 'warning', message: expect.stringContaining('lost 1 of its 4 jobs') }]);
  });
});

describe('the plans of a run', () => {
  const provider = fakeProvider();
  const ofThree = (config: Partial<RunToFolderConfig> = {}) =>
    lastValueFrom(runToFolder(() => planJobs(jobs(3)), { folder, provider, ...config }));

  it('are counted, and another `total` is an error before anything is created', async () => {
    await start();
    await expect(ofThree({ total: 4 })).rejects.toThrow('Expected 4 plans, as `total` says, got 3');
    await expect(ofThree({ total: 2 })).rejects.toThrow('Expected 2 plans, as `total` says, got more');
    expect(() => ofThree({ total: 1.5 })).toThrow('Expected `total` to be an integer of 0 or more, got 1.5');
    expect(await readdir(folder)).toEqual([]);
    expect(provider.stats().created).toBe(0);
    expect((await run(3, { provider: await start(), total: 3 })).totals).toMatchObject({ saved: 3 });
  });

  it('cannot be read only once', async () => {
    await start();
    const once = planJobs(jobs(3));
    const made = lastValueFrom(runToFolder(() => once, { folder, provider }));
    await expect(made).rejects.toThrow('Expected `plans` to return new plans at each call');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('an output that is no image', () => {
  const page = { type: 'answer', status: 200, body: '<!doctype html><title>Sorry</title>' } as const;
  const random = () => 0;

  it('is downloaded again, and only downloaded', async () => {
    let pages = 0;
    const provider = await start({
      faults: {
        onFile: () => {
          pages += 1;
          return pages <= 2 ? page : null;
        },
      },
    });
    expect((await run(1, { provider, random })).totals).toMatchObject({ saved: 1 });
    expect(simulator.stats()).toMatchObject({ created: 1 });
    await expectWhole((await manifest()).outcomes);
  });

  it('is reported if it stays so, and fetched again by the next run', async () => {
    let isBroken = true;
    const provider = await start({ faults: { onFile: () => (isBroken ? page : null) } });
    expect((await run(1, { provider, random })).totals).toMatchObject({ failed: 1 });
    const { outcomes } = await manifest();
    expect(outcomes[0]).toMatchObject({
      files: [],
      costUsd: 0.003,
      error: { code: 'ERR_NOT_AN_IMAGE', message: expect.stringContaining('an HTML page') },
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('0001'))).toEqual([]);
    isBroken = false;
    expect((await run(1, { provider, random })).totals).toMatchObject({ saved: 1 });
    expect(simulator.stats()).toMatchObject({ created: 1 });
  });
});
