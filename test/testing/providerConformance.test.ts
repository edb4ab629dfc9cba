import { catchError, concatMap, delay, map, type Observable, of, repeat, retry, throwError } from 'rxjs';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { ProviderError } from '../../src/errors.ts';
import type { Provider } from '../../src/ports.ts';
import { createCogProvider } from '../../src/providers/cog/cogProvider.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { type CogSimulator, startCogSimulator } from '../../src/simulator/cog/startCogSimulator.ts';
import { type Simulator, startSimulator } from '../../src/simulator/startSimulator.ts';
import { aRequest } from '../../src/testing/aPlan.ts';
import type { ConformanceCheck, ProviderConformanceConfig } from '../../src/testing/conformance/rules.ts';
import { fakeProvider } from '../../src/testing/fakeProvider.ts';
import { providerConformance } from '../../src/testing/providerConformance.ts';
import { SCHNELL } from '../helpers/simulated.ts';

const request = aRequest({ model: SCHNELL });
const quick = { everyMs: 5, timeoutMs: 10_000 };

/** Declares a test for each rule; the config may be made before the tests. */
function follows(names: readonly string[], config: () => ProviderConformanceConfig): void {
  it.each(names)('%s', async (name) => {
    const rule = providerConformance(config()).find((one) => one.name === name);
    await expect(rule?.check()).resolves.toBeUndefined();
  });
}
const at = () => fakeProvider();
const named = (config: Partial<ProviderConformanceConfig>) =>
  providerConformance({ provider: fakeProvider(), request, ...config }).map(({ name }) => name);

describe('the provider of Replicate', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ speed: 1_000, render: 'fast', coldStarts: false });
  });
  afterAll(() => simulator.close());
  follows(named({ at }), () => ({
    ...{ provider: createReplicateProvider(simulator), request, ...quick },
    at: (baseUrl) => createReplicateProvider({ token: 'r8_test', baseUrl: `${baseUrl}/v1` }),
  }));
});

describe('the provider of Cog', () => {
  const lacks = ['getPrediction', 'listPredictions', 'cancelPrediction'] as const;
  let simulator: CogSimulator;
  beforeAll(async () => {
    simulator = await startCogSimulator({ speed: 1_000, render: 'fast', slots: 4 });
  });
  afterAll(() => simulator.close());
  const names = named({ at, lacks }).filter((name) => !/429|401/.test(name));
  follows(names, () => ({
    ...{ provider: createCogProvider(simulator), request, lacks, ...quick },
    at: (baseUrl) => createCogProvider({ baseUrl, pauseMs: 1 }),
    answerGet: (path) => (path === '/health-check' ? { status: 'READY' } : undefined),
  }));
});

describe('a fake provider', () => {
  follows(named({}), () => ({ provider: fakeProvider({ durationMs: 5 }), request, ...quick }));
});

it.each<[object, string]>([
  [{ provider: fakeProvider() }, '`request` to be a request with `model` and `input`, got undefined'],
  [{ request }, '`provider` to be a provider, with the methods createPrediction'],
  [
    { provider: fakeProvider(), request, lacks: ['list'] },
    '`lacks` to be a list of getPrediction, listPredictions',
  ],
])('refuses %j at the call', (config, message) => {
  expect(() => providerConformance(config as never)).toThrow(`Expected ${message}`);
});

describe('a broken rule', () => {
  const failureOf = async (
    rule: RegExp,
    provider: Provider,
    config: Partial<ProviderConformanceConfig> = {},
  ) => {
    const checks = providerConformance({ provider, request, everyMs: 1, timeoutMs: 10_000, ...config });
    const { check } = checks.find(({ name }) => rule.test(name)) as ConformanceCheck;
    return check().then(
      () => 'none',
      (error: Error) => error.message,
    );
  };
  const fake = fakeProvider({ durationMs: 1 });
  /** A provider whose create requests go out, and fail, by `create`. */
  const posting = (create: (url: string) => ReturnType<Provider['createPrediction']>) => ({
    at: (url: string): Provider => ({ ...fake, createPrediction: () => create(url) }),
  });
  const post = (url: string) =>
    of(null).pipe(
      concatMap(() => fetch(url, { method: 'POST' })),
      concatMap(() => throwError(() => new ProviderError('ERR_TEST', 'test', { tookEffect: 'unknown' }))),
    );

  it('is reported with its reason: a lost request that claims to have made nothing', async () => {
    const refusing = posting((url) => post(url).pipe(claiming('no')));
    expect(await failureOf(/connection is reset/, fake, refusing)).toBe(
      'Expected `tookEffect` unknown, got "no": the image may have been made, and a run would pay for it twice.',
    );
  });

  it('is reported: a create request that is sent again', async () => {
    const repeating = posting((url) => post(url).pipe(retry(1), claiming('unknown')));
    expect(await failureOf(/connection is reset/, fake, repeating)).toBe(
      'Expected one request, got ["POST /","POST /"]: each may make an image, and be paid.',
    );
  });

  it('is reported: errors of another class, eager calls, and connections left open', async () => {
    const odd = posting(() => throwError(() => new TypeError('fetch failed')));
    expect(await failureOf(/no connection/, fake, odd)).toContain(
      'Expected a `ProviderError`, got TypeError',
    );
    const eager = posting((url) => {
      void fetch(url, { method: 'POST' }).catch(() => {});
      return of();
    });
    expect(await failureOf(/sends nothing/, fake, eager)).toContain('Expected no request, got ["POST /"');
    expect(await failureOf(/closes its connection/, fake, { ...posting(post), timeoutMs: 50 })).toContain(
      'Expected a closed connection',
    );
  });

  it('is reported: two values, one prediction for all, a partial input, a list without it', async () => {
    const twice = {
      ...fake,
      createPrediction: () => fake.createPrediction(request, { waitMs: 0 }).pipe(repeat(2)),
    };
    expect(await failureOf(/one prediction/, twice)).toContain('Expected one value and the end');
    const kept = { ...fake, createPrediction: () => fake.getPrediction('p0') };
    expect(await failureOf(/one prediction/, kept)).toContain('two predictions of two subscriptions');
    const other: Provider = {
      ...fake,
      createPrediction: (...args) =>
        fake.createPrediction(...args).pipe(map((made) => ({ ...made, input: { prompt: 'a cat' } }))),
    };
    expect(await failureOf(/one prediction/, other)).toContain('Expected the input of the request, or null');
    const late = fakeProvider({ listLagMs: 60_000 });
    expect(await failureOf(/lists/, late, { timeoutMs: 50 })).toMatch(
      /^Expected prediction p\d+ in the list, got "a list without it for 50 ms": a run finds predictions there/,
    );
    const slow = { ...fake, getModel: () => fake.getModel('a/b').pipe(delay(1)) };
    expect(await failureOf(/describes/, slow)).toContain(`Expected ${SCHNELL}, got "a/b"`);
  });
});

/** Ends with an error that claims to know the effect of the request. */
function claiming(tookEffect: 'no' | 'unknown') {
  return catchError<never, Observable<never>>(() =>
    throwError(() => new ProviderError('ERR_TEST', 'test', { tookEffect })),
  );
}

it('has types for any runner', () => {
  expectTypeOf(providerConformance).returns.toEqualTypeOf<readonly ConformanceCheck[]>();
  expect(named({ lacks: ['listPredictions'] }).filter((name) => /^lists/.test(name))).toEqual([]);
});
