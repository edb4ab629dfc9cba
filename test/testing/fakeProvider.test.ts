import fc from 'fast-check';
import { catchError, concatMap, from, map, mergeMap, of, tap } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ProviderError } from '../../src/errors.ts';
import { awaitPrediction } from '../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../src/operators/predictions/createPrediction.ts';
import { throwFailed } from '../../src/operators/stages/throwFailed.ts';
import type { Provider } from '../../src/ports.ts';
import type { SimulatorStats } from '../../src/simulator/engine/counters.ts';
import { aPrediction, aRequest } from '../../src/testing/aPlan.ts';
import type { FakeAnswer } from '../../src/testing/fakeAnswer.ts';
import type { FakeStats } from '../../src/testing/fakePredictions.ts';
import { type FakeProvider, fakeProvider } from '../../src/testing/fakeProvider.ts';
import { fakeGovernor } from '../../src/testing/stubProvider.ts';
import { VirtualClock } from '../../src/testing/virtualClock.ts';
import { marbles } from '../helpers/marbles.ts';

const status = map(({ status }: { status: string }) => status);
const letters = { p: 'processing', s: 'succeeded', f: 'failed', c: 'canceled', a: 'aborted' };
const waiting = { waitMs: 60_000 };
const now = { waitMs: 0 };

describe('a create request', () => {
  it(
    'holds its response back until the prediction has ended, or for so long',
    marbles(({ expectObservable, flush }) => {
      const provider = fakeProvider({ durationMs: 3 });
      const create = (waitMs: number) => provider.createPrediction(aRequest(), { waitMs }).pipe(status);
      expectObservable(create(60_000)).toBe('---(s|)', letters);
      expectObservable(create(2)).toBe('--(p|)', letters);
      expectObservable(create(0)).toBe('(p|)', letters);
      flush();
      expect(provider.stats()).toMatchObject({ created: 3, succeeded: 3, billedMicroUsd: 9_000 });
    }),
  );

  it(
    'is sent again by each subscription, and by none before it',
    marbles(({ expectObservable, flush }) => {
      const provider = fakeProvider({ durationMs: 1 });
      const create = provider.createPrediction(aRequest(), waiting).pipe(map(({ id }) => id));
      expect(provider.calls).toEqual([]);
      expectObservable(create).toBe('-(a|)', { a: 'p0' });
      expectObservable(create, '--^').toBe('---(b|)', { b: 'p1' });
      flush();
      expect(provider.calls).toEqual([
        { type: 'create', atMs: 0, id: 'p0' },
        { type: 'create', atMs: 2, id: 'p1' },
      ]);
    }),
  );

  it(
    'may be refused, lost, lost with nothing made, or fail',
    marbles(({ expectObservable, flush }) => {
      const noCredit = new ProviderError('ERR_NO_CREDIT', 'no credit', { status: 402, stopsRun: true });
      const creates: FakeAnswer[] = [
        { type: 'refused', retryAfterMs: 5 },
        { type: 'lost' },
        { type: 'lost', isMade: false },
        { type: 'error', error: noCredit },
      ];
      const provider = fakeProvider({ creates, responseMs: 2, durationMs: 4 });
      const create = provider.createPrediction(aRequest(), waiting).pipe(status);
      const throttled = { status: 429, retryAfterMs: 5, tookEffect: 'no' };
      const lost = { status: null, tookEffect: 'unknown' };
      for (const error of [throttled, lost, lost]) {
        expectObservable(create).toBe('--#', letters, expect.objectContaining(error));
      }
      expectObservable(create).toBe('--#', letters, noCredit);
      // Without a response of its own.
      expectObservable(create).toBe('----(s|)', letters);
      flush();
      expect(provider.stats()).toMatchObject({ created: 2, refused429: 1, billedMicroUsd: 6_000 });
      expect(provider.stats().requests).toEqual({ create: 5, get: 0, list: 0, cancel: 0, model: 0 });
    }),
  );

  it('is answered by a function of the request and its index', () => {
    const seen: unknown[] = [];
    const creates = (...given: unknown[]) => {
      seen.push(given);
      return null;
    };
    const provider = fakeProvider({ creates, durationMs: 0 });
    provider.createPrediction(aRequest(), now).subscribe();
    provider.createPrediction(aRequest({ model: 'a/b' }), now).subscribe();
    expect(seen).toEqual([
      [aRequest(), 0],
      [aRequest({ model: 'a/b' }), 1],
    ]);
  });

  it('of no duration is answered in the same call', () => {
    const states: string[] = [];
    const provider = fakeProvider({ durationMs: 0, scheduler: new VirtualClock() });
    provider
      .createPrediction(aRequest(), now)
      .pipe(status)
      .subscribe((one) => states.push(one));
    expect(states).toEqual(['succeeded']);
  });
});

describe('a prediction', () => {
  it('runs by the clock and loses its output in the end', () => {
    const clock = new VirtualClock();
    const provider = fakeProvider({ durationMs: 1_500, outputLifetimeMs: 60_000, scheduler: clock });
    provider.createPrediction(aRequest(), now).subscribe();
    const begun = { createdAt: '1970-01-01T00:00:00.000Z', startedAt: '1970-01-01T00:00:00.000Z' };
    const running = aPrediction({ ...begun, id: 'p0', status: 'processing' });
    clock.advance(1_499);
    expect(provider.predictions()).toEqual([running]);
    clock.advance(1);
    const ended = aPrediction({
      ...begun,
      id: 'p0',
      output: ['https://fake.example/p0.png'],
      completedAt: '1970-01-01T00:00:01.500Z',
      metrics: { predict_time: 1.5 },
    });
    expect(provider.predictions()).toEqual([ended]);
    clock.advance(60_000);
    expect(provider.predictions()).toEqual([{ ...ended, input: null, output: null, dataRemoved: true }]);
  });

  it.each(['failed', 'canceled', 'aborted'] as const)('may end as %s, and costs nothing', (ending) => {
    const creates = [{ type: 'made', status: ending, error: 'platform' }] as const;
    const provider = fakeProvider({ creates, durationMs: 0 });
    provider.createPrediction(aRequest(), now).subscribe();
    const [prediction = aPrediction()] = provider.predictions();
    expect(prediction).toMatchObject({ status: ending, output: null, outputComplete: false });
    expect(provider.answers.costOf(prediction)).toBe(0);
    expect(provider.answers.errorOf(prediction)).toMatchObject({ predictionId: 'p0', recoverable: true });
    expect(provider.stats()).toMatchObject({ [ending]: 1, billedMicroUsd: 0 });
  });

  it(
    'is found by its id, and can be cancelled until its end',
    marbles(({ cold, expectObservable }) => {
      const provider = fakeProvider({ durationMs: 4 });
      provider.createPrediction(aRequest(), now).subscribe();
      provider.createPrediction(aRequest(), now).subscribe();
      const get = (id: string) => provider.getPrediction(id).pipe(status);
      const times = cold('gg-g(g|)');
      expectObservable(times.pipe(concatMap(() => get('p0')))).toBe('pp-p(s|)', letters);
      expectObservable(get('p7')).toBe('#', letters, expect.objectContaining({ status: 404 }));
      const cancel = provider.cancelPrediction('p1').pipe(status);
      expectObservable(cancel, '--^').toBe('--(c|)', letters);
      expectObservable(get('p1'), '-----^').toBe('-----(c|)', letters);
      expectObservable(provider.cancelPrediction('p0').pipe(status), '-----^').toBe('-----(s|)', letters);
    }),
  );
});

describe('the list', () => {
  it('has the newest first, page by page', () => {
    const clock = new VirtualClock();
    const provider = fakeProvider({ pageSize: 2, scheduler: clock });
    for (let index = 0; index < 5; index += 1) {
      provider.createPrediction(aRequest(), now).subscribe();
      clock.advance(10);
    }
    const page = (createdAfterMs: number, next?: string) => {
      const seen: unknown[] = [];
      const query = next === undefined ? { createdAfterMs } : { createdAfterMs, next };
      provider
        .listPredictions(query)
        .subscribe(({ predictions, next }) => seen.push([predictions.map(({ id }) => id), next]));
      return seen[0];
    };
    expect(page(0)).toEqual([['p4', 'p3'], 'p3']);
    expect(page(0, 'p3')).toEqual([['p2', 'p1'], 'p1']);
    expect(page(0, 'p1')).toEqual([['p0'], null]);
    expect(page(20)).toEqual([['p4', 'p3'], 'p3']);
    expect(page(20, 'p3')).toEqual([['p2'], null]);
    expect(page(41)).toEqual([[], null]);
  });

  it('may lag behind', () => {
    const clock = new VirtualClock();
    const provider = fakeProvider({ listLagMs: 100, scheduler: clock });
    provider.createPrediction(aRequest(), now).subscribe();
    const listed = () => {
      let count = 0;
      provider.listPredictions({ createdAfterMs: 0 }).subscribe(({ predictions }) => {
        count = predictions.length;
      });
      return count;
    };
    clock.advance(99);
    expect(listed()).toBe(0);
    clock.advance(1);
    expect(listed()).toBe(1);
  });
});

it(
  'reports the ends of predictions that were created with a webhook',
  marbles(({ expectObservable }) => {
    const provider = fakeProvider({ durationMs: 3 });
    const { url, events } = provider.webhooks;
    provider.createPrediction(aRequest(), now).subscribe();
    provider.createPrediction(aRequest(), { waitMs: 0, webhookUrl: `${url}?job=7` }).subscribe();
    const told = events.pipe(map(({ prediction: { id, status }, query }) => `${id} ${status} ${query.job}`));
    expectObservable(told, '^----!').toBe('---a', { a: 'p1 succeeded 7' });
    expectObservable(told, '-----^--!').toBe('-----a', { a: 'p1 succeeded 7' });
  }),
);

it(
  'shows how many predictions a pipeline has in flight',
  marbles(({ expectObservable, flush }) => {
    const provider = fakeProvider({ durationMs: 4 });
    const governor = fakeGovernor();
    const made = of(...[1, 2, 3]).pipe(
      mergeMap(
        (seed) =>
          of(aRequest({ input: { seed } })).pipe(createPrediction(provider, { governor }), throwFailed()),
        2,
      ),
      map(({ prediction }) => prediction.id),
    );
    expectObservable(made).toBe('----(ab)(c|)', { a: 'p0', b: 'p1', c: 'p2' });
    flush();
    expect(provider.stats()).toMatchObject({ created: 3, inFlight: 0, maxInFlight: 2 });
  }),
);

/** The responses of a service that loses, refuses and fails requests at random. */
const anyAnswer = fc.oneof(
  fc.record({ type: fc.constant('made' as const), durationMs: fc.nat(5_000) }),
  fc.record({ type: fc.constant('lost' as const), isMade: fc.boolean(), durationMs: fc.nat(5_000) }),
  fc.record({ type: fc.constant('refused' as const), retryAfterMs: fc.nat(5_000) }),
);

it('never makes a pipeline pay twice or lose an image unseen, for all lost and refused requests', () => {
  fc.assert(
    fc.property(
      fc.array(anyAnswer, { maxLength: 8 }),
      fc.nat(3_000),
      fc.nat(3_000),
      (creates, listLagMs, responseMs) => {
        const clock = new VirtualClock();
        const provider = fakeProvider({ creates, listLagMs, responseMs, scheduler: clock });
        const ended: Record<number, string> = {};
        const create = createPrediction(provider, { governor: fakeGovernor(), scheduler: clock });
        from([1, 2, 3])
          .pipe(
            mergeMap((seed) =>
              of(aRequest({ input: { prompt: 'a', seed } })).pipe(
                create,
                awaitPrediction(provider, { scheduler: clock }),
                throwFailed(),
                map(({ prediction }) => prediction.id),
                catchError((error: ProviderError) => of(error.code)),
                tap((end) => {
                  ended[seed] = end;
                }),
              ),
            ),
          )
          .subscribe();
        clock.advance(3_600_000);
        expect(Object.keys(ended)).toEqual(['1', '2', '3']);
        const found = Object.values(ended).filter((end) => !end.startsWith('ERR_'));
        expect(new Set(found).size).toBe(found.length);
        // A prediction that is not found is reported as uncertain, never made again.
        const uncertain = Object.values(ended).filter((end) => end === 'ERR_UNCERTAIN').length;
        const { created } = provider.stats();
        expect(created).toBeGreaterThanOrEqual(found.length);
        expect(created).toBeLessThanOrEqual(found.length + uncertain);
      },
    ),
    { numRuns: 100 },
  );
});

it('refuses wrong durations at once', () => {
  expect(() => fakeProvider({ durationMs: -1 })).toThrow('Expected `durationMs` to be 0 or more, got -1');
  expect(() => fakeProvider({ listLagMs: Number.NaN })).toThrow('got NaN');
  expect(() => fakeProvider({ pageSize: 0 })).toThrow(
    'Expected `pageSize` to be an integer of 1 or more, got 0',
  );
});

it('is a provider', () => {
  expectTypeOf(fakeProvider).returns.toEqualTypeOf<FakeProvider>();
  expectTypeOf<FakeProvider>().toExtend<Provider>();
  // Tests read the counts of both services in the same way.
  expectTypeOf<keyof FakeStats>().toExtend<keyof SimulatorStats>();
  expectTypeOf<{ type: 'unknown' }>().not.toExtend<FakeAnswer>();
  expect(fakeProvider().answers.urlsOf(['a', 'b'])).toEqual(['a', 'b']);
});
