import fc from 'fast-check';
import { concatMap, from, type Observable, of, throwError, timer, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { DownloadError, ProviderError } from '../../src/errors.ts';
import { awaitPrediction } from '../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../src/operators/predictions/createPrediction.ts';
import { budgetTake, createLedger } from '../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../src/operators/stages/downloadOutput.ts';
import { renditions } from '../../src/operators/stages/renditions.ts';
import type { Ledger, Provider } from '../../src/ports.ts';
import { toOutcome } from '../../src/sinks/stages/toOutcome.ts';
import type { ImageFile, Outcome, Prediction } from '../../src/types.ts';
import { aPrediction, fakeGovernor, fakeProvider } from '../helpers/fakeProvider.ts';

const aJob = fc.record({
  price: fc.option(fc.nat(50), { freq: 8 }),
  /** Part of the price that it costs. */
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  createMs: fc.nat(20),
  runMs: fc.nat(40),
  downloadMs: fc.nat(20),
  /** Refusals as one too many, or lost connections, before the response. */
  retries: fc.nat(2),
  end: fc.constantFrom(
    'made',
    'made',
    'early',
    'refused',
    'failed',
    'uncertain',
    'unfollowed',
    'cut',
    'no credit',
  ),
});
type Job = typeof aJob extends fc.Arbitrary<infer T> ? T : never;

/** A ledger that fails the test once reserved and spent money passes its limit. */
function watchedLedger(limitMicroUsd: number): Ledger {
  const ledger = createLedger({ limitMicroUsd });
  const check = <T>(value: T): T => {
    expect(ledger.reservedMicroUsd + ledger.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
    return value;
  };
  return {
    get reservedMicroUsd() {
      return ledger.reservedMicroUsd;
    },
    get spentMicroUsd() {
      return ledger.spentMicroUsd;
    },
    reserve: (microUsd) => {
      const reservation = check(ledger.reserve(microUsd));
      return (
        reservation && {
          microUsd: reservation.microUsd,
          settle: (actual) => check(reservation.settle(actual)),
          release: () => check(reservation.release()),
        }
      );
    },
  };
}

function world(jobs: readonly Job[], scheduler: VirtualTimeScheduler) {
  const jobOf = (input: Prediction['input']) => {
    const job = jobs[Number(input?.seed)];
    if (job === undefined) throw new Error('no such job');
    return job;
  };
  const tries = new Map<unknown, number>();
  const after = <T>(ms: number, what: () => Observable<T>) => timer(ms, scheduler).pipe(concatMap(what));
  const failing = (code: string, details: ConstructorParameters<typeof ProviderError>[2]) =>
    throwError(() => new ProviderError(code, code, details));
  const create: Provider['createPrediction'] = ({ input }) => {
    const job = jobOf(input);
    const attempt = (tries.get(input.seed) ?? 0) + 1;
    tries.set(input.seed, attempt);
    return after(job.createMs, () => {
      if (attempt <= job.retries && attempt % 2 === 1)
        return failing('ERR_THROTTLED', { status: 429, retryAfterMs: 1, recoverable: true });
      if (attempt <= job.retries) return failing('ERR_NO_CONNECTION', { recoverable: true });
      if (job.end === 'refused') return failing('ERR_INVALID_INPUT', { status: 422 });
      if (job.end === 'no credit') return failing('ERR_NO_CREDIT', { status: 402, stopsRun: true });
      if (job.end === 'uncertain') return failing('ERR_CONNECTION_LOST', { tookEffect: 'unknown' });
      const running = { status: 'processing', output: null, outputComplete: false } as const;
      return of(aPrediction({ id: `p${input.seed}`, input, ...(job.end === 'early' ? {} : running) }));
    });
  };
  const { answers } = fakeProvider({});
  const provider: Provider = fakeProvider({
    createPrediction: create,
    answers: {
      ...answers,
      costOf: ({ input, outputComplete }) => {
        const { price, share } = jobOf(input);
        return outputComplete ? Math.floor((price ?? 0) * share) : 0;
      },
    },
  });
  const follow = (prediction: Prediction) => {
    const job = jobOf(prediction.input);
    return after(job.runMs, () => {
      if (job.end === 'unfollowed') return failing('ERR_SERVICE', { status: 404 });
      const { id, input } = prediction;
      const failed = { status: 'failed', output: null, outputComplete: false } as const;
      return of(aPrediction({ id, input, ...(job.end === 'failed' ? failed : {}) }));
    });
  };
  const download = (_url: string, { stem }: { stem: string }) => {
    const job = jobs[Number(stem.split('/').at(-1))];
    return after(job?.downloadMs ?? 0, (): Observable<ImageFile> => {
      if (job?.end === 'cut') return throwError(() => new DownloadError('ERR_OUTPUT_GONE', 'gone'));
      return of({ path: `${stem}.png`, bytes: 1, sha256: '00', format: 'png', widthPx: 1, heightPx: 1 });
    });
  };
  return { provider, follower: { follow }, downloader: { download } };
}

it('keeps the limit for any prices, failures, retries and unsubscriptions, and ends with nothing reserved', () => {
  fc.assert(
    fc.property(
      fc.array(aJob, { maxLength: 14 }),
      fc.nat(250),
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.nat(150)),
      (jobs, limitMicroUsd, concurrency, unsubscribedAtMs) => {
        const scheduler = new VirtualTimeScheduler();
        const ledger = watchedLedger(limitMicroUsd);
        const { provider, follower, downloader } = world(jobs, scheduler);
        const requests = jobs.map((_, seed) => ({ model: 'owner/name', version: null, input: { seed } }));
        const outcomes: Outcome[] = [];
        const errors: unknown[] = [];
        const subscription = from(requests)
          .pipe(
            budgetTake(ledger, { priceOf: ({ input }) => jobs[input.seed]?.price ?? null, concurrency }),
            createPrediction(provider, {
              governor: fakeGovernor(),
              onLost: (_attempt, error) => throwError(() => error),
              delayMs: 2,
              concurrency,
              scheduler,
            }),
            awaitPrediction(provider, { follower, scheduler }),
            downloadOutput(downloader, {
              stem: (_prediction, index) => `/run/${index}`,
              concurrency,
              retries: 1,
              random: () => 0,
              scheduler,
            }),
            renditions({ render: () => of([]) }),
            toOutcome({ folder: '/run' }),
          )
          .subscribe({
            next: (outcome) => outcomes.push(outcome),
            error: (error: unknown) => errors.push(error),
          });
        if (unsubscribedAtMs !== null)
          timer(unsubscribedAtMs, scheduler).subscribe(() => subscription.unsubscribe());
        scheduler.flush();
        expect(ledger.reservedMicroUsd).toBe(0);
        expect(subscription.closed).toBe(true);
        const saved = outcomes.filter(({ status }) => status === 'saved');
        const savedMicroUsd = saved.reduce((sum, { costUsd }) => sum + Math.round((costUsd ?? 0) * 1e6), 0);
        expect(ledger.spentMicroUsd).toBeGreaterThanOrEqual(savedMicroUsd);
        const indexes = outcomes.map(({ index }) => index).sort((a, b) => a - b);
        expect(new Set(indexes).size).toBe(indexes.length);
        const hasAll = unsubscribedAtMs === null && errors.length === 0;
        if (hasAll) expect(indexes).toEqual([...jobs.keys()]);
      },
    ),
    { numRuns: 200 },
  );
});
