import { firstValueFrom, lastValueFrom, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import { createAttempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import {
  createFunctionProvider,
  type FunctionProviderConfig,
} from '../../../src/providers/own/functionProvider.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import { aRequest } from '../../../src/testing/aPlan.ts';
import { marbles } from '../../../src/testing/marbles.ts';
import { providerConformance } from '../../../src/testing/providerConformance.ts';
import { hurried } from '../../helpers/hurried.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
const drawn = Buffer.from(svg);
const providerOf = (config: Partial<FunctionProviderConfig> = {}) =>
  createFunctionProvider({ service: 'studio', make: async () => drawn, ...config });
const created = (config: Partial<FunctionProviderConfig>) =>
  firstValueFrom(providerOf(config).createPrediction(aRequest(), { waitMs: 0 }));

describe('a provider from a function', () => {
  const rules = providerConformance({
    provider: providerOf(),
    request: aRequest(),
    lacks: ['getPrediction', 'listPredictions', 'cancelPrediction'],
  });
  it.each(rules)('$name', ({ check }) => expect(check()).resolves.toBeUndefined());

  it.each([
    [undefined, 'Expected `config` to be an object of options, got undefined'],
    [{ make: async () => drawn }, 'Expected `service` to be a text, got undefined'],
    [{ service: 'studio' }, 'Expected `make` to be a function, got undefined'],
    [
      { service: 'studio', make: async () => drawn, priceUsd: -1 },
      'Expected `priceUsd` to be a number of dollars, 0 or more, got -1',
    ],
    [
      { service: 'studio', make: async () => drawn, priceUsd: Number.NaN },
      'Expected `priceUsd` to be a number of dollars, 0 or more, got NaN',
    ],
    [{ service: 'studio', make: async () => drawn, priceUSD: 1 }, 'There is no option `priceUSD`.'],
  ])('refuses wrong options: %j', (config, message) => {
    expect(() => createFunctionProvider(config as never)).toThrow(message);
  });

  it('takes addresses and bytes, one or several', async () => {
    const url = `data:application/octet-stream;base64,${drawn.toString('base64')}`;
    const outputOf = async (made: Awaited<ReturnType<FunctionProviderConfig['make']>>) =>
      (await created({ make: async () => made })).output;
    expect(await outputOf('https://a.example/b.png')).toEqual(['https://a.example/b.png']);
    expect(await outputOf([drawn, 'https://a.example/b.png'])).toEqual([url, 'https://a.example/b.png']);
  });

  it('reports how a call has failed, and whether it may be paid', async () => {
    const make = async () => Promise.reject(new Error('no ink'));
    expect(await created({ make })).toMatchObject({ status: 'failed', error: 'no ink', output: null });
    await expect(created({ make, priceUsd: 0.01 })).rejects.toMatchObject({
      code: 'ERR_MAKE_FAILED',
      tookEffect: 'unknown',
      message: expect.stringContaining('no ink'),
    });
    const refusal = new ProviderError('ERR_THROTTLED', 'busy', { status: 429 });
    await expect(created({ make: () => Promise.reject(refusal), priceUsd: 0.01 })).rejects.toBe(refusal);
    const thrown: FunctionProviderConfig['make'] = () => {
      throw new Error('at once');
    };
    expect(await created({ make: thrown })).toMatchObject({ status: 'failed', error: 'at once' });
  });

  it.each([[[]], ['not a url'], [undefined], [7]])(
    'fails if the result is not an image: %j',
    async (made) => {
      const make = async () => made as never;
      const error = expect.stringContaining('Expected `make` to return an image');
      expect(await created({ make })).toMatchObject({ status: 'failed', error });
      await expect(created({ make, priceUsd: 0.01 })).rejects.toMatchObject({
        code: 'ERR_MAKE_FAILED',
        tookEffect: 'unknown',
        message: error,
      });
    },
  );

  it('is not searched for paid predictions: the job ends at once, with the text of the error', async () => {
    const scheduler = new VirtualTimeScheduler();
    const provider = createFunctionProvider({
      service: 's',
      priceUsd: 1,
      make: async () => drawn,
      scheduler,
    });
    const ends: unknown[] = [];
    const attempt = createAttempt({ request: aRequest(), sentAtMs: 0 });
    createLookout(provider, { scheduler })
      .find(attempt)
      .subscribe({ error: (error: unknown) => ends.push(scheduler.now(), error) });
    scheduler.flush();
    expect(ends).toEqual([expect.any(Number), expect.objectContaining({ code: 'ERR_UNCERTAIN' })]);
    expect(ends[0]).toBeLessThan(3_000);
  });

  it(
    'ends a call that takes too long',
    marbles(
      ({ expectObservable, flush }) => {
        const signals: AbortSignal[] = [];
        const make = (_request: unknown, signal: AbortSignal) => {
          signals.push(signal);
          return new Promise<string>(() => {});
        };
        const provider = providerOf({ make });
        const status = { status: 'canceled', completedAt: '1970-01-01T00:00:00.005Z', outputComplete: false };
        const ends = provider.createPrediction(aRequest(), { waitMs: 0, timeoutMs: 4, cancelAfterMs: 90 });
        expectObservable(ends).toBe('-----(c|)', { c: expect.objectContaining(status) });
        // One that costs money may have been paid.
        const paid = providerOf({ make, priceUsd: 0.01 });
        const lost = { code: 'ERR_MAKE_FAILED', tookEffect: 'unknown' };
        const fails = paid.createPrediction(aRequest(), { waitMs: 0, timeoutMs: 4, cancelAfterMs: 90 });
        expectObservable(fails).toBe('-----#', undefined, expect.objectContaining(lost));
        flush();
        expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      },
      { assertEqual: (actual, expected) => expect(actual).toEqual(expected) },
    ),
  );
});

describe('a run with it', () => {
  const folder = temporaryFolder();
  // One for all runs: a later run must not be earlier.
  const scheduler = hurried(200, { isFast: true });
  const run = (config: Partial<FunctionProviderConfig>, others: Partial<RunSettings> = {}) => {
    const jobs = ['a red fox', 'an owl'].map((prompt) => ({ model: 'studio/ink', input: { prompt } }));
    const settings = {
      folder: folder(),
      provider: providerOf({ scheduler, ...config }),
      scheduler,
      ...others,
    };
    return lastValueFrom(runToFolder(() => planJobs(jobs), settings));
  };

  it('saves its images, at its price', async () => {
    const { totals, report } = await run({ priceUsd: 0.01 });
    expect(totals).toMatchObject({ saved: 2, costUsd: 0.02 });
    expect(report.service).toBe('studio');
  });

  it('makes nothing again that may be paid, until it is asked to', async () => {
    let calls = 0;
    const make = async () => {
      calls += 1;
      if (calls <= 2) throw new Error('the line went dead');
      return drawn;
    };
    expect((await run({ make, priceUsd: 0.01 })).totals).toMatchObject({ saved: 0, failed: 2 });
    expect((await run({ make, priceUsd: 0.01 })).totals).toMatchObject({ saved: 0, failed: 2 });
    expect(calls).toBe(2);
    expect((await run({ make, priceUsd: 0.01 }, { repay: true })).totals).toMatchObject({ saved: 2 });
    expect(calls).toBe(4);
  });

  it.each([
    [0, 'ERR_PREDICTION_TIMEOUT'],
    // It may be paid.
    [0.01, 'ERR_UNCERTAIN'],
  ])('ends a call at the time limit of the run, with the price %d', async (priceUsd, code) => {
    const waitsMs: number[] = [];
    const make: FunctionProviderConfig['make'] = (_request, signal) => {
      const begunAtMs = scheduler.now();
      signal.addEventListener('abort', () => waitsMs.push(scheduler.now() - begunAtMs));
      return new Promise(() => {});
    };
    const { report, totals } = await run({ make, priceUsd }, { timeoutMs: 20_000, maxAttempts: 1 });
    expect(waitsMs).toHaveLength(2);
    expect(Math.min(...waitsMs)).toBeGreaterThanOrEqual(19_000);
    expect(Math.max(...waitsMs)).toBeLessThan(100_000);
    expect(totals).toMatchObject({ saved: 0, failed: 2 });
    expect(report.errors).toEqual([{ code, count: 2 }]);
  });
});
