import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defer,
  EMPTY,
  finalize,
  lastValueFrom,
  map,
  NEVER,
  type Observable,
  of,
  Subject,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { truncateDataUrls } from '../../src/base/modelInput.ts';
import { DownloadError, ProviderError, StorageError } from '../../src/errors.ts';
import { createGate } from '../../src/operators/gate.ts';
import { createLedger } from '../../src/operators/stages/budgetTake.ts';
import { generate } from '../../src/pipelines/generate.ts';
import type { GenerateConfig } from '../../src/pipelines/journey/config.ts';
import type { Downloader, Provider, Renderer, ResultCache } from '../../src/ports.ts';
import { createMemoryJournal } from '../../src/store/memoryJournal.ts';
import type { JournalEntry, ModelInput, Outcome, Plan, Prediction, PricedRequest } from '../../src/types.ts';
import { aPrediction, fakeGovernor, fakeProvider } from '../helpers/fakeProvider.ts';
import { aFile, aPlan, runOf, succeeding, summary } from '../helpers/runOf.ts';

const data = `data:image/png;base64,${'A'.repeat(5_000)}`;
const plansOf = (count: number) => Array.from({ length: count }, (_, index) => aPlan(index));
const outcomesOf = (plans: readonly Plan[], config: GenerateConfig): Promise<Outcome[]> =>
  lastValueFrom(generate(() => plans, config).pipe(toArray()));

/** Runs in virtual time to the end, or until something is so. */
function runVirtually(
  plans: readonly Plan[],
  config: GenerateConfig,
  scheduler: VirtualTimeScheduler,
  isEnough = () => false,
) {
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const seen: { outcomes: Outcome[]; error: unknown } = { outcomes: [], error: null };
  return new Promise<typeof seen>((resolve) => {
    let isOver = false;
    generate(() => plans, { ...config, scheduler })
      .pipe(
        finalize(() => {
          isOver = true;
        }),
      )
      .subscribe({
        next: (outcome) => seen.outcomes.push(outcome),
        error: (error) => {
          seen.error = error;
        },
      });
    // Plans are pulled and files read through promises: virtual time moves on when those are done.
    const turn = () => {
      if (isOver || isEnough()) return resolve(seen);
      scheduler.flush();
      setImmediate(turn);
    };
    setImmediate(turn);
  });
}

describe('a job', () => {
  it('ends as an outcome that describes all of it', async () => {
    const { config, kept } = runOf({
      renderer: {
        render: (_original, specs, stem) =>
          of(specs.map((spec) => ({ ...aFile(`${stem}--${spec.name}.jpg`), spec }))),
      },
    });
    const square = {
      name: 'square',
      widthPx: 4,
      heightPx: 4,
      fit: 'cover',
      format: 'jpeg',
      quality: 80,
    } as const;
    const [outcome] = await outcomesOf(
      [aPlan(0, { path: 'a/0001', renditions: [square], tags: { t: 'x' } })],
      config,
    );
    expect(outcome).toMatchObject({
      index: 0,
      key: 'key 0',
      status: 'saved',
      predictionId: 'p0',
      attempts: 1,
      costUsd: 0.000003,
      tags: { t: 'x' },
      cached: false,
      files: [
        { role: 'original', name: 'original', path: 'a/0001.png', width: 8, height: 8 },
        { role: 'rendition', name: 'square', path: 'a/0001--square.jpg' },
      ],
    });
    expect(kept).toEqual([outcome]);
  });

  it('is written down step by step, each before the next is taken', async () => {
    const log: string[] = [];
    const journal = createMemoryJournal();
    const provider = succeeding();
    const { config } = runOf({
      journal: {
        ...journal,
        record: (plan, entry) => {
          log.push(`journal ${entry.type}`);
          return journal.record(plan, entry);
        },
      },
      provider: {
        ...provider,
        createPrediction: (request, options) => {
          log.push('POST');
          return provider.createPrediction(request, options);
        },
      },
      persist: () => {
        log.push('keep');
        return of();
      },
    });
    await outcomesOf(plansOf(1), config);
    expect(log).toEqual([
      'journal intended',
      'POST',
      'journal created',
      'journal downloaded',
      'keep',
      'journal outcome',
    ]);
  });

  it('has its prediction in the journal with all that its cost needs, but without long data', async () => {
    const journal = createMemoryJournal();
    const kept: unknown[] = [];
    const spying = {
      ...journal,
      record: (plan: Plan, entry: JournalEntry) => {
        if (entry.type === 'downloaded') kept.push(entry.prediction);
        return journal.record(plan, entry);
      },
    };
    const input = { prompt: 'prompt 0', seed: 0, image: data };
    const made = aPrediction({ input, output: ['https://files.example/1.png', data] });
    const provider = fakeProvider({ createPrediction: () => of(made) });
    await outcomesOf([aPlan(0, { input })], runOf({ journal: spying, provider }).config);
    const cut = truncateDataUrls(data);
    expect(kept).toEqual([
      { ...made, input: { ...input, image: cut }, output: ['https://files.example/1.png', cut] },
    ]);
  });

  it('that fails stays alone', async () => {
    const good = succeeding();
    const provider = {
      ...good,
      createPrediction: (...[request, options]: Parameters<typeof good.createPrediction>) =>
        request.input.seed === 1
          ? throwError(() => new ProviderError('ERR_INVALID_INPUT', 'no', { status: 422 }))
          : good.createPrediction(request, options),
    };
    const { config } = runOf({ provider });
    const outcomes = await outcomesOf(plansOf(3), config);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 p0', '1 failed 1 null', '2 saved 1 p1']);
    expect(outcomes[1]?.error).toMatchObject({ code: 'ERR_INVALID_INPUT', name: 'ProviderError' });
    // The service refused it, so there is nothing to look for.
    expect(config.journal.openIndexes().size).toBe(0);
  });

  it('is run again if the platform was at fault, and only then', async () => {
    const scheduler = new VirtualTimeScheduler();
    const answers = (errors: (string | null)[]) => {
      let made = 0;
      return fakeProvider({
        createPrediction: ({ input }) => {
          const error = errors[made] ?? null;
          made += 1;
          const failed = { status: 'failed', output: null, outputComplete: false, error } as const;
          return of(aPrediction({ id: `p${made}`, input, ...(error === null ? {} : failed) }));
        },
      });
    };
    const platform = await runVirtually(
      plansOf(1),
      runOf({ provider: answers(['platform', 'platform', null]) }).config,
      scheduler,
    );
    expect(platform.outcomes.map(summary)).toEqual(['0 saved 3 p3']);
    const tooOften = await runVirtually(
      plansOf(1),
      runOf({ provider: answers(['platform', 'platform', 'platform']) }).config,
      scheduler,
    );
    expect(tooOften.outcomes.map(summary)).toEqual(['0 failed 3 p3']);
    const refused = await runVirtually(plansOf(1), runOf({ provider: answers(['NSFW']) }).config, scheduler);
    expect(refused.outcomes.map(summary)).toEqual(['0 failed 1 p1']);
  });

  it('whose time is up is cancelled and reported, not waited for', async () => {
    const scheduler = new VirtualTimeScheduler();
    const open = aPrediction({ status: 'processing', output: null, outputComplete: false });
    const canceled: string[] = [];
    const provider = fakeProvider({
      createPrediction: ({ input }) => of({ ...open, input }),
      getPrediction: () => of(open),
      cancelPrediction: (id) => {
        canceled.push(id);
        return of(aPrediction({ status: 'canceled', output: null, outputComplete: false }));
      },
    });
    const { outcomes } = await runVirtually(
      plansOf(1),
      runOf({ provider, timeoutMs: 9_000 }).config,
      scheduler,
    );
    expect(canceled).toEqual(['p1']);
    expect(outcomes[0]).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'ERR_PREDICTION_TIMEOUT', attempts: 1, waitedMs: 9_000 },
    });
  });

  it('gets a limit in whole milliseconds, which journals store, from a time that is none', async () => {
    const limits: unknown[] = [];
    const provider = fakeProvider({
      createPrediction: (request, options) => {
        limits.push(options.cancelAfterMs);
        return of(aPrediction({ input: request.input }));
      },
    });
    const { outcomes } = await runVirtually(
      plansOf(1),
      runOf({ provider, timeoutMs: 10_000 / 3, random: () => 0 }).config,
      new VirtualTimeScheduler(),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['saved']);
    expect(limits).toEqual([33_334]);
  });

  it('keeps its prediction if the download fails, so that nothing is paid twice', async () => {
    const journal = createMemoryJournal();
    const gone = new DownloadError('ERR_DOWNLOAD_REFUSED', 'no');
    const first = runOf({ journal, downloader: { download: () => throwError(() => gone) } });
    expect((await outcomesOf(plansOf(1), first.config)).map(summary)).toEqual(['0 failed 1 p0']);
    const provider = fakeProvider({ getPrediction: (id) => of(aPrediction({ id })) });
    const second = runOf({ journal, provider });
    expect((await outcomesOf(plansOf(1), second.config)).map(summary)).toEqual(['0 saved 1 p0']);
  });
});

describe('a run', () => {
  it('has no more predictions in flight than it may, and downloads and encodes outside of them', async () => {
    const scheduler = new VirtualTimeScheduler();
    let inFlight = 0;
    let most = 0;
    const provider = succeeding({ tookMs: 100, scheduler });
    const counted = {
      ...provider,
      createPrediction: (...args: Parameters<typeof provider.createPrediction>) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        return provider.createPrediction(...args).pipe(
          finalize(() => {
            inFlight -= 1;
          }),
        );
      },
    };
    // The encoders never end: if they held a slot, no third prediction could be made.
    const { config } = runOf({ provider: counted, renderer: { render: () => NEVER }, concurrency: 2 });
    const spec = { name: 'x', widthPx: 1, heightPx: 1, fit: 'cover', format: 'png', quality: 1 } as const;
    const plans = plansOf(9).map((plan) => ({ ...plan, renditions: [spec] }));
    await runVirtually(plans, config, scheduler, () => scheduler.now() >= 500);
    expect(provider.made).toHaveLength(9);
    expect(most).toBe(2);
    expect(scheduler.now()).toBe(500); // 9 predictions, 2 at a time, 100 ms each
  });

  it('makes images with AVIFs last, so that they do not hold up the others', async () => {
    const scheduler = new VirtualTimeScheduler();
    const encoders = createGate(1);
    const first = new Subject<never[]>();
    const order: string[] = [];
    const renderer: Renderer = {
      render: ({ path }) =>
        defer(() => {
          order.push(path);
          return order.length === 1 ? first : of([]);
        }),
    };
    const { config } = runOf({ provider: succeeding(), renderer, concurrency: 5, encoders });
    const formats = ['jpeg', 'avif', 'avif', 'jpeg', 'webp'] as const;
    const plans = plansOf(5).map((plan, index) => {
      const spec = { name: 'x', widthPx: 1, heightPx: 1, fit: 'cover', quality: 1 } as const;
      return { ...plan, renditions: [{ ...spec, format: formats[index] ?? 'jpeg' }] };
    });
    await runVirtually(plans, config, scheduler, () => {
      if (encoders.waiting === 4) {
        first.next([]);
        first.complete();
      }
      return order.length === 5;
    });
    expect(order).toEqual([0, 3, 4, 1, 2].map((index) => `/run/000${index}.png`));
  });

  it.each([401, 402])('ends as a whole when the service responds with %i', async (status) => {
    const stopped = new ProviderError('ERR_STOPPED', 'stopped', { status, stopsRun: true });
    const provider = fakeProvider({ createPrediction: () => throwError(() => stopped) });
    await expect(outcomesOf(plansOf(3), runOf({ provider }).config)).rejects.toBe(stopped);
  });

  it('finishes jobs in flight before it ends so, because they may be paid', async () => {
    const scheduler = new VirtualTimeScheduler();
    const stopped = new ProviderError('ERR_NO_CREDIT', 'no credit', { status: 402, stopsRun: true });
    const good = succeeding({ tookMs: 100, scheduler });
    const provider = {
      ...good,
      createPrediction: (...[request, options]: Parameters<typeof good.createPrediction>) =>
        request.input.seed === 2 ? throwError(() => stopped) : good.createPrediction(request, options),
    };
    const { config } = runOf({ provider, concurrency: 3 });
    const { outcomes, error } = await runVirtually(plansOf(20), config, scheduler);
    expect(error).toBe(stopped);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 p0', '1 saved 1 p1']);
    expect(config.journal.openIndexes().size).toBe(0);
  });

  it('sends no request that waits for the governor when it is stopped', async () => {
    const scheduler = new VirtualTimeScheduler();
    const stop = new Subject<void>();
    const provider = succeeding();
    const governor = fakeGovernor(() => timer(60_000, scheduler));
    const { config } = runOf({ provider, stop, governor });
    scheduler.schedule(() => stop.next(), 150);
    const { outcomes } = await runVirtually(plansOf(5), config, scheduler);
    expect([outcomes, provider.made]).toEqual([[], []]);
    expect(scheduler.now()).toBe(150);
  });

  it('ends as a whole when the disk refuses', async () => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const { config } = runOf({ downloader: { download: () => throwError(() => full) } });
    await expect(outcomesOf(plansOf(3), config)).rejects.toBe(full);
  });

  it('begins nothing after stop, and finishes jobs in flight', async () => {
    const scheduler = new VirtualTimeScheduler();
    const stop = new Subject<void>();
    const provider = succeeding({ tookMs: 100, scheduler });
    const { config } = runOf({ provider, stop, concurrency: 1, downloads: 1 });
    scheduler.schedule(() => stop.next(), 150);
    const { outcomes, error } = await runVirtually(plansOf(50), config, scheduler);
    expect(error).toBeNull();
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: outcomes.length }, () => 'saved'),
    );
    // One was made, one was in flight; those in line behind it begin nothing.
    expect(outcomes).toHaveLength(2);
    expect(provider.made).toHaveLength(2);
  });

  it('never spends more than the budget; jobs beyond it are skipped', async () => {
    const provider = succeeding();
    const { config } = runOf({ provider, ledger: createLedger({ limitMicroUsd: 10 }) });
    const outcomes = await outcomesOf(plansOf(5), config);
    expect(outcomes.map(({ status }) => status)).toEqual(['saved', 'saved', 'saved', 'skipped', 'skipped']);
    expect(provider.made).toHaveLength(3);
    expect(outcomes[4]).toMatchObject({ attempts: 0, costUsd: 0, error: { code: 'ERR_OVER_BUDGET' } });
    expect(config.ledger).toMatchObject({ spentMicroUsd: 9, reservedMicroUsd: 0 });
  });

  it('keeps the money of lost create requests, which may be paid', async () => {
    const service = { recoverable: true, tookEffect: 'unknown' } as const;
    let sent = 0;
    const provider = fakeProvider({
      createPrediction: () =>
        defer(() => {
          sent += 1;
          return throwError(() => new ProviderError('ERR_SERVICE', '504', service));
        }),
      listPredictions: () => throwError(() => new ProviderError('ERR_SERVICE', '500')),
    });
    const { config } = runOf({ provider, ledger: createLedger({ limitMicroUsd: 6 }), concurrency: 1 });
    const outcomes = await outcomesOf(plansOf(4), config);
    const codes = outcomes.map(({ error }) => error?.code).sort();
    expect(codes).toEqual(['ERR_OVER_BUDGET', 'ERR_OVER_BUDGET', 'ERR_UNCERTAIN', 'ERR_UNCERTAIN']);
    expect(sent).toBe(2);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 0, reservedMicroUsd: 6 });
  });

  it('books a prediction that is dearer than expected before the next one is made', async () => {
    const scheduler = new VirtualTimeScheduler();
    const provider = succeeding({ tookMs: 10, scheduler });
    // Its slot is free while the image is still downloaded.
    const download: Downloader['download'] = (_url, { stem }) =>
      timer(1_000, scheduler).pipe(map(() => aFile(`${stem}.png`)));
    const { config } = runOf({
      ...{ provider, downloader: { download }, ledger: createLedger({ limitMicroUsd: 8 }), concurrency: 1 },
    });
    config.answers = { ...config.answers, costOf: () => 6 };
    const { outcomes } = await runVirtually(plansOf(3), config, scheduler);
    expect(provider.made).toEqual(['p0']);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['saved', 'skipped', 'skipped']);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 6, reservedMicroUsd: 0 });
  });

  it('counts the expected price if a prediction has no cost', async () => {
    const { config } = runOf({ ledger: createLedger({ limitMicroUsd: 6 }), concurrency: 1 });
    config.answers = { ...config.answers, costOf: () => null };
    const outcomes = await outcomesOf(plansOf(3), config);
    expect(outcomes.map(({ status, costUsd }) => `${status} ${costUsd}`)).toEqual([
      'saved 0.000003',
      'saved 0.000003',
      'skipped 0',
    ]);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 6, reservedMicroUsd: 0 });
  });
});

describe('fallbacks', () => {
  const small: PricedRequest = {
    model: 'owner/small',
    version: null,
    input: { prompt: 'small' },
    priceMicroUsd: 1,
  };
  const failed = { status: 'failed', output: null, outputComplete: false } as const;
  /** Fails with this text for the first model; makes everything with the others. */
  const failingFirst = (error: string) => {
    const asked: string[] = [];
    const provider = fakeProvider({
      createPrediction: ({ model, input }) => {
        asked.push(model);
        const fields = { id: `p${asked.length}`, model, input };
        return of(aPrediction(model === 'owner/name' ? { ...fields, ...failed, error } : fields));
      },
    });
    return { asked, provider };
  };

  it.each([
    ['refuses', 'NSFW', ['owner/name', 'owner/small']],
    [
      'fails by the platform until its attempts are used up',
      'platform',
      ['owner/name', 'owner/name', 'owner/small'],
    ],
  ])('take over if a model %s', async (_what, error, models) => {
    const { asked, provider } = failingFirst(error);
    const ledger = createLedger({ limitMicroUsd: 10 });
    const { config, events } = runOf({ provider, ledger, maxAttempts: 2, fallbacksOf: () => [small] });
    const { outcomes } = await runVirtually([aPlan(0)], config, new VirtualTimeScheduler());
    expect(asked).toEqual(models);
    expect(outcomes[0]).toMatchObject({
      status: 'saved',
      key: 'key 0',
      model: 'owner/small',
      input: { prompt: 'small' },
      attempts: models.length,
    });
    expect(events.filter(({ type }) => type === 'job.fallback')).toMatchObject([
      { index: 0, model: 'owner/small' },
    ]);
    expect(ledger).toMatchObject({ spentMicroUsd: 3, reservedMicroUsd: 0 });
  });

  it('do not take over if the input is wrong', async () => {
    const refused = new ProviderError('ERR_INVALID_INPUT', '422', { status: 422 });
    const provider = fakeProvider({ createPrediction: () => throwError(() => refused) });
    const { config } = runOf({ provider, fallbacksOf: () => [small] });
    const [outcome] = await outcomesOf([aPlan(0)], config);
    expect(outcome).toMatchObject({ status: 'failed', model: 'owner/name', attempts: 1 });
  });

  it('stay within the budget with their own price', async () => {
    const { asked, provider } = failingFirst('NSFW');
    const dear = { ...small, priceMicroUsd: 11 };
    const { config } = runOf({
      provider,
      ledger: createLedger({ limitMicroUsd: 10 }),
      fallbacksOf: () => [dear],
    });
    const [outcome] = await outcomesOf([aPlan(0)], config);
    expect(outcome).toMatchObject({ status: 'skipped', error: { code: 'ERR_OVER_BUDGET' } });
    expect(asked).toEqual(['owner/name']);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 0, reservedMicroUsd: 0 });
  });

  it('do not take over from a prediction that was made and cannot be found, because it may be paid', async () => {
    const unknown = new ProviderError('ERR_NOT_FOUND', '404', { status: 404 });
    const asked: string[] = [];
    const provider = fakeProvider({
      createPrediction: ({ model, input }) => {
        asked.push(model);
        return of(aPrediction({ model, input, status: 'starting', output: null, outputComplete: false }));
      },
      getPrediction: () => throwError(() => unknown),
    });
    const { config } = runOf({ provider, fallbacksOf: () => [small] });
    const { outcomes } = await runVirtually([aPlan(0)], config, new VirtualTimeScheduler());
    expect(outcomes[0]).toMatchObject({
      status: 'failed',
      model: 'owner/name',
      error: { code: unknown.code },
    });
    expect(asked).toEqual(['owner/name']);
    expect([...config.journal.openIndexes()]).toEqual([0]);
  });

  it('are resumed by the next run, by the request that was sent', async () => {
    const sent = { model: 'owner/small', version: null, input: { prompt: 'small' } };
    const lost = aPrediction({ id: 'lost', ...sent });
    const provider = { ...succeeding(), listPredictions: () => of({ predictions: [lost], next: null }) };
    const intended = { type: 'intended', attempt: 2, atMs: Date.now(), request: sent } as const;
    // Also if the model is no longer a fallback: it may be paid.
    for (const fallbacksOf of [() => [small], () => []]) {
      const journal = createMemoryJournal();
      await lastValueFrom(journal.record(aPlan(0), intended));
      const [outcome] = await outcomesOf([aPlan(0)], runOf({ journal, provider, fallbacksOf }).config);
      expect(outcome).toMatchObject({
        status: 'saved',
        model: 'owner/small',
        predictionId: 'lost',
        attempts: 2,
      });
    }
    expect(provider.made).toEqual([]);
  });
});

describe('recovery rounds', () => {
  const weather = new DownloadError('ERR_DOWNLOAD_REFUSED', 'no', { recoverable: false });
  const later = new ProviderError('ERR_NOT_READY', 'no', { recoverable: true, tookEffect: 'no' });

  it('try failed jobs that may succeed again at the end', async () => {
    const scheduler = new VirtualTimeScheduler();
    const good = succeeding();
    let left = 9;
    const provider = {
      ...good,
      createPrediction: (...[request, options]: Parameters<typeof good.createPrediction>) =>
        request.input.seed === 1
          ? defer(() => (left-- > 0 ? throwError(() => later) : good.createPrediction(request, options)))
          : good.createPrediction(request, options),
    };
    const { config, events } = runOf({ provider, recoveryRounds: 2, recoveryDelayMs: 5_000 });
    const { outcomes } = await runVirtually(plansOf(3), config, scheduler);
    expect(outcomes.map(({ index, status }) => `${index} ${status}`)).toEqual([
      '0 saved',
      '2 saved',
      '1 saved',
    ]);
    expect(events.filter(({ type }) => ['job.postponed', 'recovery.started'].includes(type))).toMatchObject([
      { type: 'job.postponed', index: 1, error: { code: 'ERR_NOT_READY' } },
      { type: 'recovery.started', round: 1, jobs: 1, waitMs: 5_000 },
    ]);
    expect(config.ledger.reservedMicroUsd).toBe(0);
  });

  it('end with the failure of the last round, and skip jobs that cannot succeed', async () => {
    const scheduler = new VirtualTimeScheduler();
    const provider = fakeProvider({ createPrediction: () => throwError(() => later) });
    const { config, events } = runOf({ provider, recoveryRounds: 2 });
    const { outcomes } = await runVirtually(plansOf(1), config, scheduler);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed']);
    expect(events.filter(({ type }) => type === 'recovery.started')).toHaveLength(2);
    const final = runOf({ recoveryRounds: 2, downloader: { download: () => throwError(() => weather) } });
    expect((await outcomesOf(plansOf(1), final.config)).map(({ status }) => status)).toEqual(['failed']);
    expect(final.events.filter(({ type }) => type === 'recovery.started')).toEqual([]);
  });

  it('resume a prediction that is paid already, and keep its money reserved meanwhile', async () => {
    const scheduler = new VirtualTimeScheduler();
    const broken = new DownloadError('ERR_DOWNLOAD_CUT', 'cut', { recoverable: true });
    let isDown = true;
    const provider = { ...succeeding(), getPrediction: (id: string) => of(aPrediction({ id })) };
    const { config, events } = runOf({
      provider,
      ledger: createLedger({ limitMicroUsd: 3 }),
      recoveryRounds: 1,
      downloader: {
        download: (_url, { stem }) => defer(() => (isDown ? throwError(() => broken) : of(aFile(stem)))),
      },
    });
    const seen: number[] = [];
    config.emit = (event) => {
      if (event.type !== 'recovery.started') return;
      isDown = false;
      seen.push(config.ledger.reservedMicroUsd);
    };
    const { outcomes } = await runVirtually(plansOf(1), config, scheduler);
    expect(events).toEqual([]);
    expect(seen).toEqual([3]);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 p0']);
    expect(provider.made).toEqual(['p0']);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 3, reservedMicroUsd: 0 });
  });

  it('are not begun after stop: postponed jobs end as they were', async () => {
    const scheduler = new VirtualTimeScheduler();
    const stop = new Subject<void>();
    const provider = fakeProvider({ createPrediction: () => throwError(() => later) });
    const { config } = runOf({ provider, stop, recoveryRounds: 3, recoveryDelayMs: 3_600_000 });
    scheduler.schedule(() => stop.next(), 300_000);
    const { outcomes } = await runVirtually(plansOf(2), config, scheduler);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect(scheduler.now()).toBe(300_000);
  });

  it('end if stop comes in the middle of one: jobs without a turn in it end as in the round before', async () => {
    const scheduler = new VirtualTimeScheduler();
    const stop = new Subject<void>();
    const provider = fakeProvider({ createPrediction: () => throwError(() => later) });
    const { config } = runOf({ provider, stop, recoveryRounds: 3, concurrency: 1, downloads: 1 });
    const emit = config.emit;
    config.emit = (event) => {
      emit?.(event);
      if (event.type === 'recovery.started') scheduler.schedule(() => stop.next(), event.waitMs + 100);
    };
    const { outcomes } = await runVirtually(plansOf(5), config, scheduler);
    const seen = outcomes.map(({ index, status, error }) => `${index} ${status} ${error?.code}`);
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4].map((index) => `${index} failed ERR_NOT_READY`));
  });
});

describe('cancel', () => {
  const open = { status: 'processing', output: null, outputComplete: false } as const;
  const cancelingProvider = (fields: Partial<Provider>) => {
    const canceled: string[] = [];
    const provider = fakeProvider({
      cancelPrediction: (id) => {
        canceled.push(id);
        return of(aPrediction({ id, ...open, status: 'canceled' }));
      },
      ...fields,
    });
    return { canceled, provider };
  };
  const cancelAt = (provider: Provider, atMs: number) => {
    const scheduler = new VirtualTimeScheduler();
    const stop = new Subject<void>();
    const run = runOf({ provider, stop, cancel: stop, concurrency: 1 });
    scheduler.schedule(() => stop.next(), atMs);
    return { ...run, scheduler };
  };

  it('cancels the predictions in flight, and begins no further job', async () => {
    const { canceled, provider } = cancelingProvider({
      createPrediction: ({ input }) => of(aPrediction({ id: 'p1', input, ...open })),
      getPrediction: (id) => of(aPrediction({ id, ...open })),
    });
    const { config, scheduler } = cancelAt(provider, 5_000);
    const { outcomes } = await runVirtually(plansOf(3), config, scheduler);
    expect(canceled).toEqual(['p1']);
    expect(outcomes.map(({ status, error }) => `${status} ${error?.code}`)).toEqual(['skipped ERR_STOPPED']);
    expect(config.journal.openIndexes().size).toBe(0);
    expect(config.ledger.reservedMicroUsd).toBe(0);
  });

  it('finds the prediction of a create request that has no response yet', async () => {
    const { canceled, provider } = cancelingProvider({
      createPrediction: () => NEVER,
      listPredictions: () =>
        of({ predictions: [aPrediction({ id: 'found', ...open, input: aPlan(0).input })], next: null }),
    });
    const { config, scheduler } = cancelAt(provider, 5_000);
    await runVirtually(plansOf(3), config, scheduler);
    expect(canceled).toEqual(['found']);
  });

  it('leaves predictions that cannot be found to the next run', async () => {
    const { canceled, provider } = cancelingProvider({
      createPrediction: () => NEVER,
      listPredictions: () => of({ predictions: [], next: null }),
    });
    const { config, scheduler } = cancelAt(provider, 5_000);
    const { outcomes } = await runVirtually(plansOf(3), config, scheduler);
    expect([outcomes, canceled]).toEqual([[], []]);
    expect([...config.journal.openIndexes()]).toEqual([0]);
  });

  it('keeps predictions that finished before they could be cancelled', async () => {
    const { provider } = cancelingProvider({
      createPrediction: ({ input }) => of(aPrediction({ id: 'p1', input, ...open })),
      getPrediction: (id) => of(aPrediction({ id, ...open })),
      cancelPrediction: (id) => of(aPrediction({ id })),
    });
    const { config, scheduler } = cancelAt(provider, 5_000);
    const { outcomes } = await runVirtually(plansOf(3), config, scheduler);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 p1']);
  });
});

describe('identical jobs', () => {
  const equal = (count: number) =>
    plansOf(count).map((plan) => ({ ...plan, key: 'same', resultKey: 'same' }));

  it('with the same seed are made once if they come at the same time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rxposure-equal-'));
    const content = 'a picture';
    const provider = succeeding({ tookMs: 5 });
    const sha256 = createHash('sha256').update(content).digest('hex');
    const downloader: Downloader = {
      download: (_url, { stem }) => {
        writeFileSync(`${stem}.png`, content);
        return of({ ...aFile(`${stem}.png`), sha256 });
      },
    };
    const { config } = runOf({ provider, downloader, folder, ledger: createLedger({ limitMicroUsd: 3 }) });
    const outcomes = await outcomesOf(equal(3), config);
    expect(outcomes.map(({ cached, costUsd, attempts }) => [cached, costUsd, attempts])).toEqual([
      [false, 0.000003, 1],
      [true, 0, 0],
      [true, 0, 0],
    ]);
    expect(provider.made).toHaveLength(1);
    const paths = outcomes.map(({ files }) => files[0]?.path ?? '');
    expect(paths.sort()).toEqual(['0000.png', '0001.png', '0002.png']);
    for (const path of paths) expect(readFileSync(join(folder, path), 'utf8')).toBe(content);
    await rm(folder, { recursive: true });
  });

  it('use results of a cache at no cost, and store their own there', async () => {
    const kept: string[] = [];
    const cache: ResultCache = {
      restore: (key, { stem }) =>
        of(
          key === 'old' ? { prediction: aPrediction({ id: 'before' }), files: [aFile(`${stem}.png`)] } : null,
        ),
      keep: (key) => {
        kept.push(key);
        return EMPTY;
      },
    };
    const provider = succeeding();
    const { config } = runOf({ provider, cache, ledger: createLedger({ limitMicroUsd: 3 }) });
    const plans = [aPlan(0, { resultKey: 'old' }), aPlan(1, { resultKey: 'new' }), aPlan(2)];
    const outcomes = await outcomesOf(plans, config);
    expect(outcomes.map((outcome) => `${summary(outcome)} ${outcome.cached} ${outcome.costUsd}`)).toEqual([
      '0 saved 0 before true 0',
      '1 saved 1 p0 false 0.000003',
      '2 skipped 0 null false 0',
    ]);
    expect(kept).toEqual(['new']);
  });

  it('are made even if the cache does not take the result', async () => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const cache: ResultCache = { restore: () => of(null), keep: () => throwError(() => full) };
    const { config, events } = runOf({ cache });
    const outcomes = await outcomesOf([aPlan(0, { resultKey: 'new' })], config);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 p0']);
    expect(events).toContainEqual({
      type: 'warning',
      message: 'Result #1 could not be stored in the cache: full',
    });
  });

  it('resume the open prediction of an earlier run before they look anywhere else', async () => {
    const journal = createMemoryJournal();
    await lastValueFrom(journal.record(aPlan(0), { type: 'created', attempt: 1, predictionId: 'open' }));
    const cache: ResultCache = { restore: () => throwError(() => new Error('asked')), keep: () => EMPTY };
    const provider = fakeProvider({ getPrediction: (id) => of(aPrediction({ id })) });
    const outcomes = await outcomesOf(
      [aPlan(0, { resultKey: 'old' })],
      runOf({ journal, cache, provider }).config,
    );
    expect(outcomes.map(summary)).toEqual(['0 saved 1 open']);
  });
});

describe('a run over the journal of an earlier one', () => {
  const record = (journal: ReturnType<typeof createMemoryJournal>, plan: Plan, entry: JournalEntry) =>
    lastValueFrom(journal.record(plan, entry));

  it('skips saved jobs', async () => {
    const journal = createMemoryJournal();
    await outcomesOf(plansOf(3), runOf({ journal }).config);
    const provider = succeeding({ prefix: 'q' });
    expect(await outcomesOf(plansOf(4), runOf({ journal, provider }).config)).toHaveLength(1);
    expect(provider.made).toHaveLength(1);
  });

  it('resumes open jobs before it begins new ones', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(2), { type: 'intended', attempt: 1, atMs: Date.now() });
    await record(journal, aPlan(2), { type: 'created', attempt: 1, predictionId: 'open' });
    const asked: string[] = [];
    const good = succeeding();
    const provider = {
      ...good,
      getPrediction: (id: string) => {
        asked.push(`get ${id}`);
        return of(aPrediction({ id }));
      },
      createPrediction: (...args: Parameters<typeof good.createPrediction>) => {
        asked.push(`create ${args[0].input.seed}`);
        return good.createPrediction(...args);
      },
    };
    const outcomes = await outcomesOf(plansOf(3), runOf({ journal, provider }).config);
    expect(asked).toEqual(['get open', 'create 0', 'create 1']);
    expect(outcomes.map(summary)).toEqual(['2 saved 1 open', '0 saved 1 p0', '1 saved 1 p1']);
  });

  it('resumes the oldest first, as outputs live one hour only', async () => {
    const journal = createMemoryJournal();
    const nowMs = Date.now();
    for (const [index, ageMs] of [
      [0, 1_000],
      [1, 3_000],
      [2, 2_000],
    ] as const) {
      await record(journal, aPlan(index), { type: 'intended', attempt: 1, atMs: nowMs - ageMs });
      await record(journal, aPlan(index), { type: 'created', attempt: 1, predictionId: `open ${index}` });
    }
    const asked: string[] = [];
    const getPrediction = (id: string) => {
      asked.push(id);
      return of(aPrediction({ id }));
    };
    await outcomesOf(plansOf(3), runOf({ journal, provider: { ...succeeding(), getPrediction } }).config);
    expect(asked).toEqual(['open 1', 'open 2', 'open 0']);
  });

  it('looks for a create request whose response never came before it sends another', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: Date.now() });
    const lost = aPrediction({ id: 'lost', input: { prompt: 'prompt 0', seed: 0 } });
    const provider = { ...succeeding(), listPredictions: () => of({ predictions: [lost], next: null }) };
    const outcomes = await outcomesOf(plansOf(1), runOf({ journal, provider }).config);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 lost']);
    expect(provider.made).toEqual([]);
  });

  it('sends one that never was made again, with the addresses that its files have now', async () => {
    const scheduler = new VirtualTimeScheduler();
    const journal = createMemoryJournal();
    const plan = aPlan(0, {
      input: { image: 'cat.png', data },
      files: {
        image: { source: '/cat.png', name: 'cat.png', bytes: 1, sha256: 'c', mediaType: 'image/png' },
      },
    });
    const old = { model: plan.model, version: null, input: { image: 'old', data: truncateDataUrls(data) } };
    await record(journal, plan, { type: 'intended', attempt: 1, atMs: -600_000, request: old });
    const looked: string[] = [];
    const sent: ModelInput[] = [];
    const made = succeeding();
    const provider: Provider = {
      ...made,
      uploadFile: ({ name }) => of({ url: `new ${name}`, lifetimeMs: 3_600_000 }),
      listPredictions: () => {
        looked.push('list');
        return of({ predictions: [], next: null });
      },
      createPrediction: (request, options) => {
        sent.push(request.input);
        return made.createPrediction(request, options);
      },
    };
    const { outcomes } = await runVirtually([plan], runOf({ journal, provider }).config, scheduler);
    expect(outcomes.map(summary)).toEqual(['0 saved 2 p0']);
    expect(looked).toHaveLength(1);
    expect(sent).toEqual([{ image: 'new cat.png', data }]);
    expect(outcomes[0]?.input).toEqual({ image: 'cat.png', data: truncateDataUrls(data) });
  });

  it('asks at once for a prediction that was noted by a clock which has been put back since', async () => {
    const scheduler = new VirtualTimeScheduler();
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: 7_200_000 });
    await record(journal, aPlan(0), { type: 'created', attempt: 1, predictionId: 'open' });
    const running = { status: 'processing', output: null, outputComplete: false } as const;
    const provider = fakeProvider({
      getPrediction: (id) =>
        defer(() => of(aPrediction(scheduler.now() < 5_000 ? { id, ...running } : { id }))),
    });
    const { outcomes } = await runVirtually([aPlan(0)], runOf({ journal, provider }).config, scheduler);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 open']);
    expect(scheduler.now()).toBeLessThan(20_000);
  });

  it('reads the list for all lost create requests at once, and makes those of ten minutes ago again', async () => {
    const scheduler = new VirtualTimeScheduler();
    const journal = createMemoryJournal();
    for (const plan of plansOf(4))
      await record(journal, plan, { type: 'intended', attempt: 1, atMs: -600_000 });
    const good = succeeding();
    let looks = 0;
    const listPredictions = () => {
      looks += 1;
      return of({ predictions: [], next: null });
    };
    const run = runOf({ journal, provider: { ...good, listPredictions }, concurrency: 1 });
    expect((await runVirtually(plansOf(4), run.config, scheduler)).outcomes).toHaveLength(4);
    expect(good.made).toHaveLength(4);
    expect(looks).toBe(1);
    expect(scheduler.now()).toBe(1_000); // the pause before they are sent
  });

  it('fails if the service has forgotten whether it was made, unless it may be paid again', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: Date.now() - 3_600_000 });
    const provider = succeeding();
    const outcomes = await outcomesOf(plansOf(1), runOf({ journal, provider }).config);
    expect(outcomes[0]).toMatchObject({ status: 'failed', error: { code: 'ERR_UNCERTAIN' } });
    expect(provider.made).toEqual([]);
    expect(
      (await outcomesOf(plansOf(1), runOf({ journal, provider, repay: true }).config)).map(summary),
    ).toEqual(['0 saved 2 p0']);
  });

  it('reports an output that the service has deleted, unless it may be paid again', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: Date.now() });
    await record(journal, aPlan(0), { type: 'created', attempt: 1, predictionId: 'old' });
    const provider = {
      ...succeeding(),
      getPrediction: (id: string) => of(aPrediction({ id, output: null, dataRemoved: true })),
    };
    const outcomes = await outcomesOf(plansOf(1), runOf({ journal, provider }).config);
    expect(outcomes[0]).toMatchObject({ status: 'failed', error: { code: 'ERR_OUTPUT_GONE' } });
    const repaid = await outcomesOf(plansOf(1), runOf({ journal, provider, repay: true }).config);
    expect(repaid.map(summary)).toEqual(['0 saved 2 p0']);
    expect(repaid[0]?.costUsd).toBe(0.000006); // the lost one and the new one
  });

  it('asks for an output again that was brought here and is gone, as the journal does not keep it', async () => {
    const found = aPrediction({ id: 'old' });
    const unknown = new ProviderError('ERR_NOT_FOUND', 'no', { status: 404 });
    const ended = async (answer: Observable<Prediction>, fields: Partial<GenerateConfig> = {}) => {
      const journal = createMemoryJournal();
      const prediction = { ...found, output: [truncateDataUrls(data)] };
      await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: 0 });
      await record(journal, aPlan(0), { type: 'downloaded', prediction, files: [aFile('/nowhere.png')] });
      const provider = { ...succeeding(), getPrediction: () => answer };
      // A 404 is asked about again some times, seconds apart.
      const { config } = runOf({ journal, provider, ...fields });
      return (await runVirtually(plansOf(1), config, new VirtualTimeScheduler())).outcomes[0];
    };
    expect(summary((await ended(of(found)))!)).toBe('0 saved 1 old');
    const gone = { status: 'failed', error: { code: 'ERR_OUTPUT_GONE' } };
    expect(await ended(throwError(() => unknown))).toMatchObject(gone);
    expect(await ended(of({ ...found, output: null, dataRemoved: true }))).toMatchObject(gone);
    expect(
      summary(
        (await ended(
          throwError(() => unknown),
          { repay: true },
        ))!,
      ),
    ).toBe('0 saved 2 p0');
  });

  it.each(['persist', 'record'] as const)(
    'does nothing after an image is saved if to %s fails',
    async (step) => {
      const after: number[] = [];
      const full = new StorageError('ERR_DISK_FULL', 'full');
      const memory = createMemoryJournal();
      const journal: typeof memory = {
        ...memory,
        record: (plan, entry) =>
          step === 'record' && entry.type === 'outcome' ? throwError(() => full) : memory.record(plan, entry),
      };
      const { config } = runOf({
        journal,
        provider: succeeding(),
        ...(step === 'persist' ? { persist: () => throwError(() => full) } : {}),
        afterSaved: ({ index }) => {
          after.push(index);
          return EMPTY;
        },
      });
      await expect(outcomesOf([aPlan(0)], config)).rejects.toBe(full);
      expect(after).toEqual([]);
    },
  );

  it('does not treat the 404 of a gateway as a response of the service: nothing is booked, nothing made again', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'created', attempt: 1, predictionId: 'old' });
    const page = new ProviderError('ERR_REFUSED', 'a page', { status: 404, recoverable: true });
    const made: string[] = [];
    const provider = fakeProvider({
      createPrediction: ({ model }) => {
        made.push(model);
        return NEVER;
      },
      getPrediction: () => throwError(() => page),
    });
    const { config } = runOf({ journal, provider, repay: true });
    const { outcomes } = await runVirtually([aPlan(0)], config, new VirtualTimeScheduler());
    expect(outcomes[0]).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_REFUSED', recoverable: true },
    });
    expect(made).toEqual([]);
    expect(config.ledger).toMatchObject({ spentMicroUsd: 0 });
  });

  it('counts a lost output once if the budget does not allow to make it again', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'created', attempt: 1, predictionId: 'old' });
    const provider = fakeProvider({
      getPrediction: (id) => of(aPrediction({ id, output: null, dataRemoved: true })),
    });
    const ledger = createLedger({ limitMicroUsd: 5 });
    const outcomes = await outcomesOf([aPlan(0)], runOf({ journal, provider, ledger, repay: true }).config);
    expect(outcomes[0]).toMatchObject({ status: 'skipped', costUsd: 0.000003 });
    expect(journal.spentMicroUsd()).toBe(3);
  });

  it('makes an image again whose file is gone, if it may be paid again', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'created', attempt: 1, predictionId: 'old' });
    const provider = {
      ...succeeding(),
      getPrediction: (id: string) => of(aPrediction({ id, output: ['gone'] })),
    };
    const gone = new DownloadError('ERR_OUTPUT_GONE', 'gone');
    const downloader: Downloader = {
      download: (url, { stem }) => (url === 'gone' ? throwError(() => gone) : of(aFile(stem))),
    };
    const run = (repay: boolean) =>
      runVirtually(
        plansOf(1),
        runOf({ journal, provider, downloader, repay }).config,
        new VirtualTimeScheduler(),
      );
    expect((await run(false)).outcomes[0]).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_OUTPUT_GONE' },
    });
    expect((await run(true)).outcomes.map(summary)).toEqual(['0 saved 2 p0']);
  });

  it('ignores the record of another request at the same index', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0, { key: 'another' }), {
      type: 'created',
      attempt: 1,
      predictionId: 'theirs',
    });
    expect((await outcomesOf(plansOf(1), runOf({ journal }).config)).map(summary)).toEqual(['0 saved 1 p0']);
  });
});
