import { defer, EMPTY, NEVER, of } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { alone } from '../../helpers/oneItem.ts';

const { awaitPrediction } = alone;

const starting = aPrediction({ status: 'starting', output: null, outputComplete: false });
const processing = aPrediction({ status: 'processing', output: null, outputComplete: false });
const done = aPrediction();
const fast = { startingMs: 2, processingMs: 4, random: () => 1 };
const following = (...answers: Prediction[]) => {
  return fakeProvider({ getPrediction: () => defer(() => of(answers.shift() ?? done)) });
};

it(
  'passes a final prediction at once, however it ended',
  marbles(({ expectObservable }) => {
    for (const status of ['succeeded', 'failed', 'canceled', 'aborted'] as const) {
      const final = aPrediction({ status, outputComplete: status === 'succeeded' });
      expectObservable(of(final).pipe(awaitPrediction(fakeProvider({})))).toBe('(p|)', { p: final });
    }
  }),
);

it(
  'passes one that has its whole output ahead of its status',
  marbles(({ expectObservable }) => {
    const early = aPrediction({ status: 'processing', outputComplete: true });
    expectObservable(of(early).pipe(awaitPrediction(fakeProvider({})))).toBe('(p|)', { p: early });
  }),
);

it(
  'follows an open one to its end and emits it once',
  marbles(({ expectObservable }) => {
    const provider = following(starting, processing, done);
    expectObservable(of(starting).pipe(awaitPrediction(provider, fast))).toBe('--------(d|)', { d: done }); // 2 + 2 + 4
  }),
);

it(
  'passes on never and empty',
  marbles(({ expectObservable }) => {
    expectObservable(NEVER.pipe(awaitPrediction(fakeProvider({}))), '--!').toBe('---');
    expectObservable(EMPTY.pipe(awaitPrediction(fakeProvider({})))).toBe('|');
  }),
);

it(
  'cancels one whose time is up and emits its last state',
  marbles(({ cold, expectObservable }) => {
    const canceled = aPrediction({ status: 'canceled', outputComplete: false });
    const provider = fakeProvider({
      getPrediction: () => of(processing),
      cancelPrediction: () => cold('-(c|)', { c: canceled }),
    });
    expectObservable(of(processing).pipe(awaitPrediction(provider, { ...fast, timeoutMs: 5 }))).toBe(
      '------(c|)',
      { c: canceled },
    );
  }),
);

it(
  'calls it canceled even if the response to the cancel is not final',
  marbles(({ expectObservable }) => {
    const provider = fakeProvider({
      cancelPrediction: () => of(processing),
      getPrediction: () => of(processing),
    });
    const expected = { ...processing, status: 'canceled' };
    expectObservable(of(processing).pipe(awaitPrediction(provider, { ...fast, timeoutMs: 5 }))).toBe(
      '2005ms (c|)',
      { c: expected },
    );
  }),
);

it(
  'keeps one that succeeded just before the cancel',
  marbles(({ expectObservable }) => {
    const provider = fakeProvider({ cancelPrediction: () => of(done) });
    expectObservable(of(processing).pipe(awaitPrediction(provider, { ...fast, timeoutMs: 5 }))).toBe(
      '-----(d|)',
      { d: done },
    );
  }),
);

it(
  'asks again after a failing question, and for some seconds after a 404',
  marbles(({ expectObservable, cold }) => {
    const broken = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
    const unknown = new ProviderError('ERR_NOT_FOUND', '404', { status: 404 });
    const answers = [
      cold<Prediction>('#', undefined, unknown),
      cold<Prediction>('#', undefined, broken),
      of(done),
    ];
    const provider = fakeProvider({ getPrediction: () => defer(() => answers.shift() ?? NEVER) });
    expectObservable(of(starting).pipe(awaitPrediction(provider, fast))).toBe('1502ms (d|)', { d: done }); // 2 + 500 + 1000
  }),
);

it(
  'gives up on a 404 that lasts, and on permanent errors',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const unknown = new ProviderError('ERR_NOT_FOUND', '404', { status: 404 });
    const denied = new ProviderError('ERR_UNAUTHENTICATED', '401', { status: 401 });
    const lost = cold<Prediction>('#', undefined, unknown);
    const refused = cold<Prediction>('#', undefined, denied);
    const instantly = { ...fast, random: () => 0 };
    expectObservable(
      of(starting).pipe(awaitPrediction(fakeProvider({ getPrediction: () => lost }), instantly)),
    ).toBe('--#', undefined, unknown);
    expectObservable(
      of(starting).pipe(awaitPrediction(fakeProvider({ getPrediction: () => refused }), instantly)),
    ).toBe('--#', undefined, denied);
    expectSubscriptions(refused.subscriptions).toBe(['--(^!)']);
  }),
);

it(
  'drops its questions when it is unsubscribed, and cancels nothing',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    let cancels = 0;
    const question = cold<Prediction>('-----');
    const provider = fakeProvider({
      getPrediction: () => question,
      cancelPrediction: () => {
        cancels += 1;
        return NEVER;
      },
    });
    expectObservable(of(starting).pipe(awaitPrediction(provider, fast)), '----!').toBe('-----');
    expectSubscriptions(question.subscriptions).toBe('--^-!');
    flush();
    expect(cancels).toBe(0);
  }),
);
