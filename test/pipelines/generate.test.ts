import { finalize, lastValueFrom, NEVER, of, Subject, throwError, toArray, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DownloadError, ProviderError, StorageError } from '../../src/errors.ts';
import { createLedger } from '../../src/operators/createLedger.ts';
import type { GenerateConfig } from '../../src/pipelines/GenerateConfig.ts';
import { generate } from '../../src/pipelines/generate.ts';
import type { JournalEntry } from '../../src/ports.ts';
import { createMemoryJournal } from '../../src/store/createMemoryJournal.ts';
import type { Outcome, Plan } from '../../src/types.ts';
import { aPrediction, fakeProvider } from '../operators/fakeProvider.ts';
import { aFile, aPlan, runOf, succeeding, summary } from './runOf.ts';

const plansOf = (count: number) => Array.from({ length: count }, (_, index) => aPlan(index));
const outcomesOf = (plans: readonly Plan[], config: GenerateConfig): Promise<Outcome[]> =>
  lastValueFrom(generate(() => plans, config).pipe(toArray()));

/** Runs in virtual time to the end, or for so long. */
function runVirtually(plans: readonly Plan[], config: GenerateConfig, scheduler: VirtualTimeScheduler) {
  const seen: { outcomes: Outcome[]; error: unknown } = { outcomes: [], error: null };
  generate(() => plans, { ...config, scheduler }).subscribe({
    next: (outcome) => seen.outcomes.push(outcome),
    error: (error) => {
      seen.error = error;
    },
  });
  return new Promise<typeof seen>((resolve) => {
    // Plans are pulled through promises: virtual time moves on when those are done.
    const turn = () => {
      scheduler.maxFrames = Number.POSITIVE_INFINITY;
      if (scheduler.actions.length === 0) return resolve(seen);
      scheduler.flush();
      setImmediate(turn);
    };
    setImmediate(turn);
  });
}

describe('a job', () => {
  it('ends as an outcome that says everything about it', async () => {
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
      keep: () => {
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

  it('is run again where the platform was at fault, and only then', async () => {
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
      createPrediction: () => of(open),
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
      error: { code: 'ERR_PREDICTION_TIMEOUT' },
    });
  });

  it('keeps its prediction where the download fails, so that nothing is paid twice', async () => {
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
    await runVirtually(plans, config, scheduler);
    expect(provider.made).toHaveLength(9);
    expect(most).toBe(2);
    expect(scheduler.now()).toBe(500); // 9 predictions, 2 at a time, 100 ms each
  });

  it.each([401, 402])('ends as a whole when the service answers %i', async (status) => {
    const stopped = new ProviderError('ERR_STOPPED', 'stopped', { status, stopsRun: true });
    const provider = fakeProvider({ createPrediction: () => throwError(() => stopped) });
    await expect(outcomesOf(plansOf(3), runOf({ provider }).config)).rejects.toBe(stopped);
  });

  it('ends as a whole when the disk refuses', async () => {
    const full = new StorageError('ERR_DISK_FULL', 'full');
    const { config } = runOf({ downloader: { download: () => throwError(() => full) } });
    await expect(outcomesOf(plansOf(3), config)).rejects.toBe(full);
  });

  it('begins nothing after stop, and finishes what is under way', async () => {
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
    // One was made, one was under way; those in line behind it begin nothing.
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
});

describe('a run over the journal of an earlier one', () => {
  const record = (journal: ReturnType<typeof createMemoryJournal>, plan: Plan, entry: JournalEntry) =>
    lastValueFrom(journal.record(plan, entry));

  it('passes over what is saved', async () => {
    const journal = createMemoryJournal();
    await outcomesOf(plansOf(3), runOf({ journal }).config);
    const provider = succeeding({ prefix: 'q' });
    expect(await outcomesOf(plansOf(4), runOf({ journal, provider }).config)).toHaveLength(1);
    expect(provider.made).toHaveLength(1);
  });

  it('takes up what was left open before it begins anything new', async () => {
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

  it('looks for a create whose answer never came before it sends another', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0), { type: 'intended', attempt: 1, atMs: Date.now() });
    const lost = aPrediction({ id: 'lost', input: { prompt: 'prompt 0', seed: 0 } });
    const provider = { ...succeeding(), listPredictions: () => of({ predictions: [lost], next: null }) };
    const outcomes = await outcomesOf(plansOf(1), runOf({ journal, provider }).config);
    expect(outcomes.map(summary)).toEqual(['0 saved 1 lost']);
    expect(provider.made).toEqual([]);
  });

  it('says so where the service has forgotten whether it was made, unless it may be paid again', async () => {
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

  it('does not mind what was written about another request at the same place', async () => {
    const journal = createMemoryJournal();
    await record(journal, aPlan(0, { key: 'another' }), {
      type: 'created',
      attempt: 1,
      predictionId: 'theirs',
    });
    expect((await outcomesOf(plansOf(1), runOf({ journal }).config)).map(summary)).toEqual(['0 saved 1 p0']);
  });
});
