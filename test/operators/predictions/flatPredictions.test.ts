import { EMPTY, lastValueFrom, map, NEVER, type Observable, of, timer, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { type Failed, type Item, isFailed, type Made } from '../../../src/base/items/item.ts';
import { ProviderError } from '../../../src/errors.ts';
import { awaitPrediction } from '../../../src/operators/predictions/awaitPrediction.ts';
import { createPrediction } from '../../../src/operators/predictions/createPrediction.ts';
import { createListPoller } from '../../../src/operators/predictions/listPoller.ts';
import { budgetTake, createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { downloadOutput } from '../../../src/operators/stages/downloadOutput.ts';
import type { Follower } from '../../../src/ports.ts';
import { toOutcome } from '../../../src/sinks/stages/toOutcome.ts';
import type { Prediction, PredictionRequest } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeGovernor, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeOf } from '../../helpers/oneItem.ts';

const refused = new ProviderError('ERR_INVALID_INPUT', 'no', { status: 422 });
const noCredit = new ProviderError('ERR_NO_CREDIT', 'no credit', { status: 402, stopsRun: true });
const running = { status: 'processing', output: null, outputComplete: false } as const;
const seeds = (...all: number[]) => all.map((seed) => aRequest({ input: { seed } }));
const nameOf = (item: Made | Failed) => (isFailed(item) ? `f${item.index}` : `m${item.index}`);
const names = { a: 'm0', b: 'm1', c: 'm2', f: 'f1' };

/** An item with this much reserved. */
function itemsOf(ledger: ReturnType<typeof createLedger>, count: number): Item[] {
  return seeds(...Array(count).keys()).map((request, index) => ({
    index,
    request,
    reservation: ledger.reserve(5),
  }));
}

it(
  'emits each request as an item with its position; one that fails does not end the others',
  marbles(({ cold, expectObservable }) => {
    const made = (seed: number) => ({ p: aPrediction({ id: `p${seed}`, input: { seed } }) });
    const create = [cold('---(p|)', made(0)), cold<Prediction>('-#', {}, refused), cold('--(p|)', made(2))];
    const provider = fakeProvider({
      createPrediction: ({ input }) => create[Number(input.seed)] ?? of(aPrediction()),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor() });
    expectObservable(of(...seeds(0, 1, 2)).pipe(operator, map(nameOf))).toBe('-fc(a|)', names);
  }),
);

it(
  'sends so many requests at a time; after a 402 it sends no more, and those on their way are answered',
  marbles(({ cold, expectObservable, flush }) => {
    const sent: unknown[] = [];
    const ledger = createLedger({ limitMicroUsd: 100 });
    const provider = fakeProvider({
      createPrediction: ({ input }) => {
        sent.push(input.seed);
        return input.seed === 1 ? cold('-#', {}, noCredit) : cold('---(p|)', { p: aPrediction() });
      },
    });
    const operator = createPrediction(provider, { governor: fakeGovernor(), concurrency: 2 });
    expectObservable(of(...itemsOf(ledger, 5)).pipe(operator, map(nameOf))).toBe('---(a#)', names, noCredit);
    flush();
    expect(sent).toEqual([0, 1]);
    // The first is settled with its cost, 3; the others have made nothing.
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 3]);
  }),
);

it.each([
  ['nothing', EMPTY],
  ['null', of(null)],
  ['an empty object', of({})],
])('looks for the prediction of a create request to which the provider emits %s', (_what, given) => {
  const scheduler = new VirtualTimeScheduler();
  const made = aPrediction({ input: { seed: 0 } });
  const items: unknown[] = [];
  const provider = fakeProvider({
    createPrediction: () => given as Observable<never>,
    listPredictions: () => of({ predictions: [made], next: null }),
  });
  const operator = createPrediction(provider, { governor: fakeGovernor(), scheduler });
  of(...seeds(0))
    .pipe(operator)
    .subscribe((item) => items.push(item));
  scheduler.flush();
  expect(items).toMatchObject([{ index: 0, prediction: made }]);
});

it.each<[string, object, string]>([
  [
    '`prepare` emits nothing',
    { prepare: () => EMPTY },
    'Expected `prepare` to emit the request to send, got nothing',
  ],
  [
    '`prepare` gives no stream',
    { prepare: () => undefined },
    'Expected `prepare` to emit the request to send, got undefined',
  ],
  ['`prepare` emits no request', { prepare: () => of({ model: 'a/b' }) }, 'got an object with model'],
  [
    '`beforeSend` gives no stream',
    { beforeSend: () => undefined },
    'Expected `beforeSend` to return an Observable',
  ],
])('fails each item, and sends nothing, if %s', (_what, config, message) => {
  const ledger = createLedger({ limitMicroUsd: 100 });
  const failed: unknown[] = [];
  const provider = fakeProvider({ createPrediction: () => expect.fail('sent') });
  of(...itemsOf(ledger, 2))
    .pipe(createPrediction(provider, { governor: fakeGovernor(), ...config }))
    .subscribe((item) => failed.push(isFailed(item) && item.error.message));
  expect(failed).toEqual([expect.stringContaining(message), expect.stringContaining(message)]);
  expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 0]);
});

it('checks its options when it is called', () => {
  expect(() => createPrediction(undefined as never)).toThrow('Expected `provider` to be a provider');
  expect(() => createPrediction(fakeProvider(), { concurency: 3 } as never)).toThrow(
    expect.objectContaining({
      name: 'UsageError',
      message: 'There is no option `concurency`.',
      suggestion: 'Did you mean `concurrency`?',
    }),
  );
});

it('takes a promise of `prepare` and of `beforeSend`', async () => {
  const sent: unknown[] = [];
  const provider = fakeProvider({
    createPrediction: ({ input }) => {
      sent.push(input);
      return of(aPrediction({ input }));
    },
  });
  const operator = createPrediction(provider, {
    governor: fakeGovernor(),
    prepare: async (request) => ({ ...request, input: { prompt: 'prepared' } }),
    beforeSend: async () => {},
  });
  await lastValueFrom(of(...seeds(0)).pipe(operator));
  expect(sent).toEqual([{ prompt: 'prepared' }]);
});

it('counts nothing as paid if `onSend` throws: nothing was sent', () => {
  const ledger = createLedger({ limitMicroUsd: 100 });
  const errors: unknown[] = [];
  const provider = fakeProvider({ createPrediction: () => expect.fail('sent') });
  const onSend = () => {
    throw new Error('onSend');
  };
  of(...itemsOf(ledger, 1))
    .pipe(createPrediction(provider, { governor: fakeGovernor(), onSend }))
    .subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual([new Error('onSend')]);
  expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 0]);
});

it.each([[{ model: 'a/b' }], [{ input: {} }], [null], ['a/b'], [undefined]])(
  'fails a request that cannot be sent, and sends the others: %j',
  (bad) => {
    const ledger = createLedger({ limitMicroUsd: 100 });
    const outcomes: unknown[] = [];
    const sent: unknown[] = [];
    const provider = fakeProvider({
      createPrediction: ({ input }) => {
        sent.push(input);
        return of(aPrediction({ input }));
      },
    });
    const priceOf = ({ input }: PredictionRequest) => Object.keys(input).length;
    const requests = (): Observable<PredictionRequest> => of(bad as never, ...seeds(1));
    for (const items of [requests().pipe(budgetTake(ledger, { priceOf })), requests()]) {
      (items as Observable<PredictionRequest>)
        .pipe(
          createPrediction(provider, { governor: fakeGovernor() }),
          downloadOutput({ download: () => NEVER }, { folder: '/run' }),
          toOutcome({ folder: '/run' }),
        )
        .subscribe(({ index, status, error }) => outcomes.push([index, status, error?.code]));
    }
    expect(outcomes).toEqual([
      [0, 'failed', 'ERR_INVALID_REQUEST'],
      [0, 'failed', 'ERR_INVALID_REQUEST'],
    ]);
    expect(sent).toEqual([{ seed: 1 }, { seed: 1 }]);
  },
);

it('makes one item of each request, however many values the provider emits', () => {
  const items: string[] = [];
  const states = [aPrediction({ ...running, status: 'starting' }), aPrediction()];
  const provider = fakeProvider({ createPrediction: () => of(...states) });
  of(...seeds(0))
    .pipe(createPrediction(provider, { governor: fakeGovernor() }))
    .subscribe((item) => items.push(nameOf(item)));
  expect(items).toEqual(['m0']);
});

it.each([
  ['before it is admitted, so that nothing is spent', '---a', 0],
  ['while the response is on its way, so that the price counts as spent', 'a', 5],
])('closes the reservation when it is unsubscribed %s', (_when, admitted, spentMicroUsd) => {
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 100 });
    const provider = fakeProvider({ createPrediction: () => cold('----(p|)', { p: aPrediction() }) });
    const governor = fakeGovernor(() => cold(`(${admitted}|)`.replace('(---a|)', '---(a|)')));
    expectObservable(of(...itemsOf(ledger, 1)).pipe(createPrediction(provider, { governor })), '-!').toBe(
      '--',
    );
    flush();
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, spentMicroUsd]);
  })();
});

it('follows 20 predictions at once, with one request for all', () => {
  const scheduler = new VirtualTimeScheduler();
  let lists = 0;
  const all = Array.from({ length: 20 }, (_, index) => aPrediction({ ...running, id: `p${index}` }));
  const provider = fakeProvider({
    listPredictions: () => {
      lists += 1;
      const predictions = all.map((one) => (scheduler.now() < 500 ? one : aPrediction({ id: one.id })));
      return of({ predictions, next: null });
    },
    getPrediction: (id) => of(aPrediction({ id })),
  });
  const ends: number[] = [];
  of(...all.map((prediction, index) => madeOf(prediction, { index, sinceMs: Date.now() })))
    .pipe(awaitPrediction(provider, { scheduler }))
    .subscribe(() => ends.push(scheduler.now()));
  scheduler.flush();
  expect(ends).toHaveLength(20);
  // One after the other took 20 times as long.
  expect(Math.max(...ends)).toBeLessThan(2_000);
  expect(lists).toBeLessThan(8);
});

it('ends a prediction that is followed twice for both, and continues if one leaves', () => {
  const scheduler = new VirtualTimeScheduler();
  const one = aPrediction({ ...running, id: 'p1' });
  const stateOf = (): Prediction => (scheduler.now() < 2_000 ? one : aPrediction({ id: 'p1' }));
  const provider = fakeProvider({
    listPredictions: () => of({ predictions: [stateOf()], next: null }),
    getPrediction: () => of(stateOf()),
  });
  const poller = createListPoller(provider, { scheduler });
  const ends: string[] = [];
  const follow = (name: string) =>
    poller.follow(one, Date.now()).subscribe({ complete: () => ends.push(name) });
  follow('first');
  follow('second');
  const third = follow('third');
  timer(1_000, scheduler).subscribe(() => third.unsubscribe());
  scheduler.flush();
  expect(ends).toEqual(['first', 'second']);
});

it(
  'settles with the cost of the final prediction, and counts one whose end is not known as paid',
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 100 });
    const lost = new ProviderError('ERR_SERVICE', 'gone', { status: 404 });
    const ends = [
      cold('--(p|)', { p: aPrediction() }),
      cold<Prediction>('-#', {}, lost),
      cold('---(p|)', { p: aPrediction({ status: 'failed', outputComplete: false }) }),
    ];
    const follower = { follow: ({ id }: Prediction) => ends[Number(id)] ?? of(aPrediction()) };
    const items = itemsOf(ledger, 3).map((item) => ({
      ...madeOf(aPrediction({ ...running, id: String(item.index) })),
      ...item,
    }));
    const ended = of(...items).pipe(awaitPrediction(fakeProvider({}), { follower }), map(nameOf));
    expectObservable(ended).toBe('-fa(c|)', names);
    flush();
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 3 + 5 + 0]);
  }),
);

it(
  'cancels nothing when it is unsubscribed: followed predictions count as paid',
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 100 });
    const follower = { follow: () => cold<Prediction>('------') };
    const items = itemsOf(ledger, 2).map((item) => ({ ...madeOf(aPrediction(running)), ...item }));
    const operator = awaitPrediction(fakeProvider({}), { follower, concurrency: 1 });
    expectObservable(of(...items).pipe(operator), '--!').toBe('---');
    flush();
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, 10]);
  }),
);

it('refuses plans with files or secret inputs before anything is sent, unless they are prepared', () => {
  const withSecret = { ...aRequest(), secrets: () => ({}) };
  const provider = fakeProvider({ createPrediction: () => of(aPrediction()) });
  const endOf = (prepare?: () => Observable<PredictionRequest>) => {
    const ends: unknown[] = [];
    of(withSecret)
      .pipe(createPrediction(provider, { governor: fakeGovernor(), ...(prepare && { prepare }) }))
      .subscribe({ next: (item) => ends.push(nameOf(item)), error: (error: Error) => ends.push(error.name) });
    return ends;
  };
  expect(endOf()).toEqual(['UsageError']);
  expect(endOf(() => of(withSecret))).toEqual(['m0']);
});

it.each([
  ['cancels the prediction', {}, 'was cancelled', 0],
  // Nothing is known of its end, so its price counts as spent.
  ['leaves it to the service', { onTimeout: () => EMPTY }, 'was left to the service', 5],
])('has timed out, and is not only canceled, if it %s', (_how, config, end, spentMicroUsd) => {
  marbles(({ cold, expectObservable, flush }) => {
    const ledger = createLedger({ limitMicroUsd: 100 });
    const canceled = aPrediction({ id: 'p1', status: 'canceled', output: null, outputComplete: false });
    const provider = fakeProvider({ cancelPrediction: () => cold('500ms (c|)', { c: canceled }) });
    const item = madeOf(aPrediction({ ...running, id: 'p1' }), { reservation: ledger.reserve(5) });
    const error = of(item).pipe(
      awaitPrediction(provider, { follower: { follow: () => NEVER }, timeoutMs: 3_000, ...config }),
      downloadOutput({ download: () => NEVER }, { folder: '/run' }),
      toOutcome({ folder: '/run' }),
      map((outcome) => [outcome.status, outcome.costUsd, outcome.error]),
    );
    const isCanceled = end === 'was cancelled';
    const told = {
      code: 'ERR_PREDICTION_TIMEOUT',
      message: `Prediction p1 was not finished after ${isCanceled ? 3.5 : 3} s and ${end}.`,
      stage: 'polling',
      recoverable: true,
    };
    expectObservable(error).toBe(isCanceled ? '3500ms (e|)' : '3000ms (e|)', {
      e: ['failed', spentMicroUsd / 1e6, expect.objectContaining(told)],
    });
    flush();
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([0, spentMicroUsd]);
  })();
});

it('is no time-out if the prediction was faster than its cancellation', () => {
  marbles(({ cold, expectObservable }) => {
    const provider = fakeProvider({ cancelPrediction: () => cold('-(p|)', { p: aPrediction() }) });
    const ended = of(madeOf(aPrediction(running))).pipe(
      awaitPrediction(provider, { follower: { follow: () => NEVER }, timeoutMs: 3 }),
      map((item) => (isFailed(item) ? 'failed' : `${item.prediction.status} ${item.timedOutMs}`)),
    );
    expectObservable(ended).toBe('----(e|)', { e: 'succeeded undefined' });
  })();
});

it('fails at once if the follower stops without an end, and never by a time limit that is infinite', () => {
  marbles(({ cold, expectObservable }) => {
    const day = 24 * 3_600_000;
    const followed = (follower: Follower) =>
      of(madeOf(aPrediction({ ...running, id: 'p1' }))).pipe(
        awaitPrediction(fakeProvider({}), { follower, timeoutMs: Number.POSITIVE_INFINITY }),
        map((item) => (isFailed(item) ? item.error.message : item.prediction.status)),
      );
    expectObservable(followed({ follow: () => cold('--|') })).toBe('--(e|)', {
      e: 'Prediction p1 was not finished after 0 s and was left to the service.',
    });
    const late = { follow: () => cold(`${40 * day}ms (p|)`, { p: aPrediction() }) };
    expectObservable(followed(late)).toBe(`${40 * day}ms (e|)`, { e: 'succeeded' });
  })();
});
