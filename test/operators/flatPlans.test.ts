import fc from 'fast-check';
import { defer, from, of } from 'rxjs';
import { expect, it } from 'vitest';
import { DownloadError, ProviderError } from '../../src/errors.ts';
import { createGovernor } from '../../src/operators/pace/governor.ts';
import { awaitPrediction } from '../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../src/operators/predictions/createPrediction.ts';
import { budgetTake, createLedger } from '../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../src/operators/stages/downloadOutput.ts';
import type { Downloader } from '../../src/ports.ts';
import { toOutcome } from '../../src/sinks/stages/toOutcome.ts';
import { anImageFile, aRequest } from '../../src/testing/aPlan.ts';
import { type FakeProvider, fakeProvider } from '../../src/testing/fakeProvider.ts';
import { VirtualClock } from '../../src/testing/virtualClock.ts';
import type { Outcome } from '../../src/types.ts';

const PRICE = 3_000;

/** A prediction, with files that are whole, gone, or cut at the first try. */
const course = {
  durationMs: fc.nat(5_000),
  status: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'failed', 'aborted'),
  output: fc.array(fc.constantFrom('whole', 'whole', 'gone', 'cut'), { maxLength: 3 }),
} as const;
const anyAnswer = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('made' as const), ...course }) },
  fc.record({ type: fc.constant('lost' as const), isMade: fc.boolean(), ...course }),
  fc.record({ type: fc.constant('refused' as const), retryAfterMs: fc.nat(5_000) }),
  fc.constant({
    type: 'error' as const,
    error: new ProviderError('ERR_INVALID_INPUT', 'no', { status: 422 }),
  }),
);
const aWorld = fc.record({
  jobs: fc.nat(10),
  creates: fc.array(anyAnswer, { maxLength: 14 }),
  /** Images that the budget has room for. */
  affordable: fc.option(fc.nat(10)),
  concurrency: fc.integer({ min: 1, max: 4 }),
  responseMs: fc.nat(1_000),
  /** Null: the list vouches for being up to date, and is. */
  listLagMs: fc.option(fc.nat(2_000)),
  waitMs: fc.constantFrom(0, 60_000),
  timeoutMs: fc.constantFrom(1_500, 600_000),
});
type World = typeof aWorld extends fc.Arbitrary<infer T> ? T : never;

/** Runs a flat pipe to its end, and returns all that came of it. */
function run({ jobs, creates, affordable, concurrency, waitMs, timeoutMs, responseMs, listLagMs }: World) {
  const scheduler = new VirtualClock();
  const limitMicroUsd = affordable === null ? Number.POSITIVE_INFINITY : affordable * PRICE;
  const ledger = createLedger({ limitMicroUsd });
  const provider: FakeProvider = fakeProvider({
    responseMs,
    listLagMs: listLagMs ?? 0,
    listIsCurrent: listLagMs === null,
    creates: (_request, index) => {
      expect(ledger.reservedMicroUsd + ledger.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
      return creates[index] ?? null;
    },
    priceMicroUsd: PRICE,
    scheduler,
  });
  const outcomes: Outcome[] = [];
  const errors: unknown[] = [];
  // Equal requests, which only the order of the responses distinguishes.
  const subscription = from(Array.from({ length: jobs }, () => aRequest()))
    .pipe(
      budgetTake(ledger, { priceOf: () => PRICE, concurrency }),
      createPrediction(provider, {
        governor: createGovernor({ perMinute: 6_000, scheduler }),
        waitMs,
        concurrency,
        scheduler,
      }),
      awaitPrediction(provider, { timeoutMs, random: () => 0.5, scheduler }),
      downloadOutput(filesFrom(), { folder: '/run', concurrency, random: () => 0, scheduler }),
      toOutcome({ folder: '/run' }),
    )
    .subscribe({
      next: (outcome) => outcomes.push(outcome),
      error: (error: unknown) => errors.push(error),
    });
  scheduler.advance(7_200_000);
  return { outcomes, errors, isOver: subscription.closed, ledger, stats: provider.stats() };
}

/** A file host whose URLs name their fates. */
function filesFrom(): Downloader {
  const tried = new Set<string>();
  return {
    download: (url, { stem }) =>
      defer(() => {
        const isFirst = !tried.has(stem);
        tried.add(stem);
        if (url === 'gone') throw new DownloadError('ERR_NOT_AN_IMAGE', 'gone');
        if (url === 'cut' && isFirst) throw new DownloadError('ERR_TRUNCATED', 'cut', { recoverable: true });
        return of(anImageFile({ path: `${stem}.png` }));
      }),
  };
}

it('gives each item one outcome, books the bill, and stays within limit and concurrency', () => {
  fc.assert(
    fc.property(aWorld, (world) => {
      const { outcomes, errors, isOver, ledger, stats } = run(world);
      expect([isOver, errors]).toEqual([true, []]);
      const indexes = outcomes.map(({ index }) => index).sort((a, b) => a - b);
      expect(indexes).toEqual(Array.from({ length: world.jobs }, (_, index) => index));
      expect(ledger.reservedMicroUsd).toBe(0);
      const costs = outcomes.reduce((sum, { costUsd }) => sum + Math.round((costUsd ?? 0) * 1e6), 0);
      expect(ledger.spentMicroUsd).toBe(costs);
      // Only predictions that may have been made differ from the bill: they count as paid.
      const uncertain = outcomes.filter(({ error }) => error?.code === 'ERR_UNCERTAIN').length;
      const surplus = ledger.spentMicroUsd - stats.billedMicroUsd;
      expect(surplus).toBeGreaterThanOrEqual(0);
      expect(surplus).toBeLessThanOrEqual(uncertain * PRICE);
      expect(stats.maxInFlight).toBeLessThanOrEqual(world.concurrency + uncertain);
      const ids = outcomes.flatMap(({ predictionId }) => predictionId ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      expect(stats.created).toBeLessThanOrEqual(ids.length + uncertain);
    }),
    { numRuns: 150 },
  );
});

it('lists each paid file that came, and the reason why others did not', () => {
  fc.assert(
    fc.property(fc.array(anyAnswer, { minLength: 1, maxLength: 6 }), (creates) => {
      const { outcomes } = run({
        jobs: creates.length,
        creates,
        affordable: null,
        concurrency: 3,
        responseMs: 10,
        listLagMs: null,
        waitMs: 0,
        timeoutMs: 600_000,
      });
      for (const { status, files, error } of outcomes) {
        if (status === 'saved') expect([files.length > 0, error]).toEqual([true, undefined]);
        else if (error?.code === 'ERR_INCOMPLETE') {
          const missing = error.message.match(/ERR_NOT_AN_IMAGE/g) ?? [];
          expect(error.message).toContain(
            `Expected ${files.length + missing.length} outputs, got ${files.length}.`,
          );
        } else expect([files, error?.code]).toEqual([[], expect.stringMatching(/^ERR_/)]);
      }
    }),
    { numRuns: 60 },
  );
});
