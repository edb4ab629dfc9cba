import { defer, EMPTY, NEVER, of } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError, type ProviderErrorDetails } from '../../src/errors.ts';
import { createClaims } from '../../src/operators/createClaims.ts';
import { createPrediction } from '../../src/operators/createPrediction.ts';
import type { Prediction } from '../../src/types.ts';
import { marbles } from '../marbles.ts';
import { aPrediction, aRequest, fakeGovernor, fakeProvider } from './fakeProvider.ts';

const admitted = () => of(undefined);
const providerError = (details: ProviderErrorDetails) => new ProviderError('ERR_TEST', 'test', details);
const throttled = providerError({ status: 429, retryAfterMs: 5, recoverable: true });
const lost = providerError({ tookEffect: 'unknown', recoverable: true });
const noConnection = providerError({ recoverable: true });
const refused = providerError({ status: 422 });

it(
  'emits the created prediction',
  marbles(({ cold, hot, expectObservable, expectSubscriptions, flush }) => {
    const requests = cold('(r|)', { r: aRequest() });
    const create = cold('---(p|)', { p: aPrediction() });
    const governor = fakeGovernor(admitted);
    const provider = fakeProvider({ createPrediction: () => create });
    expectObservable(requests.pipe(createPrediction(provider, { governor }))).toBe('---(p|)', {
      p: aPrediction(),
    });
    expectSubscriptions(create.subscriptions).toBe('^--!');
    flush();
    expect(governor.told).toEqual(['accepted']);
    expect(hot).toBeDefined();
  }),
);

it(
  'passes on never and empty',
  marbles(({ expectObservable }) => {
    const operator = createPrediction(fakeProvider({}), { governor: fakeGovernor(admitted) });
    expectObservable(NEVER.pipe(operator), '---!').toBe('---');
    expectObservable(EMPTY.pipe(operator)).toBe('|');
  }),
);

it(
  'sends nothing before it is admitted and the intent is written down',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold('-(p|)', { p: aPrediction() });
    const provider = fakeProvider({ createPrediction: () => create });
    const config = {
      governor: fakeGovernor(() => cold('--(a|)', { a: undefined })),
      beforeSend: () => cold('---(w|)'),
    };
    expectObservable(of(aRequest()).pipe(createPrediction(provider, config))).toBe('------(p|)', {
      p: aPrediction(),
    });
    expectSubscriptions(create.subscriptions).toBe('-----^!');
  }),
);

it(
  'sends again after a 429, when the governor lets it',
  marbles(({ cold, expectObservable, flush }) => {
    const answers = [cold<Prediction>('#', undefined, throttled), cold('-(p|)', { p: aPrediction() })];
    const governor = fakeGovernor(() => cold('--(a|)', { a: undefined }));
    const waits: (number | null)[] = [];
    const provider = fakeProvider({ createPrediction: () => defer(() => answers.shift() ?? NEVER) });
    const operator = createPrediction(provider, { governor, onThrottled: (waitMs) => waits.push(waitMs) });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-----(p|)', { p: aPrediction() });
    flush();
    expect(governor.told).toEqual(['throttle 5', 'accepted']);
    expect(waits).toEqual([5]);
  }),
);

it(
  'sends again after a connection that was never made, with a doubling wait, then gives the error on',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-#', undefined, noConnection);
    const provider = fakeProvider({ createPrediction: () => create });
    const operator = createPrediction(provider, { governor: fakeGovernor(admitted), retries: 2, delayMs: 2 });
    expectObservable(of(aRequest()).pipe(operator)).toBe('---------#', undefined, noConnection);
    expectSubscriptions(create.subscriptions).toBe(['^!', '---^!', '--------^!']);
  }),
);

it(
  'does not send again what the service refused',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-#', undefined, refused);
    const provider = fakeProvider({ createPrediction: () => create });
    const operator = createPrediction(provider, { governor: fakeGovernor(admitted) });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-#', undefined, refused);
    expectSubscriptions(create.subscriptions).toBe(['^!']);
  }),
);

it(
  'adopts a prediction whose answer was lost, and sends nothing again',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('---#', undefined, lost);
    const made = aPrediction({ id: 'made', status: 'processing' });
    const provider = fakeProvider({
      createPrediction: () => create,
      listPredictions: () => of({ predictions: [made], next: null }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor(admitted) });
    expectObservable(of(aRequest()).pipe(operator)).toBe('---(p|)', { p: made });
    expectSubscriptions(create.subscriptions).toBe(['^--!']);
  }),
);

it(
  'sends a lost create again only when two looks at the list did not find it',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const first = cold<never>('-#', undefined, lost);
    const second = cold('-(p|)', { p: aPrediction() });
    const answers = [first, second];
    const provider = fakeProvider({
      createPrediction: () => defer(() => answers.shift() ?? NEVER),
      listPredictions: () => of({ predictions: [], next: null }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor(admitted), delayMs: 10 });
    expectObservable(of(aRequest()).pipe(operator)).toBe('2012ms (p|)', { p: aPrediction() });
    expectSubscriptions(second.subscriptions).toBe('2011ms ^!');
  }),
);

it(
  'lets an equal job have the prediction of another one, and takes theirs',
  marbles(({ cold, expectObservable }) => {
    const claims = createClaims(['p1']);
    const theirs = aPrediction({ id: 'p2' });
    const provider = fakeProvider({
      createPrediction: () => cold('-(p|)', { p: aPrediction({ id: 'p1' }) }),
      listPredictions: () => of({ predictions: [aPrediction({ id: 'p1' }), theirs], next: null }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor(admitted), claims });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-(p|)', { p: theirs });
  }),
);

it(
  'drops the call when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-----(p|)');
    const provider = fakeProvider({ createPrediction: () => create });
    expectObservable(
      of(aRequest()).pipe(createPrediction(provider, { governor: fakeGovernor(admitted) })),
      '--!',
    ).toBe('---');
    expectSubscriptions(create.subscriptions).toBe('^-!');
  }),
);

it(
  'emits what a throwing callback threw',
  marbles(({ cold, expectObservable }) => {
    const provider = fakeProvider({ createPrediction: () => cold<Prediction>('-(p|)') });
    const config = {
      governor: fakeGovernor(admitted),
      beforeSend: () => {
        throw new Error('no');
      },
    };
    expectObservable(of(aRequest()).pipe(createPrediction(provider, config))).toBe(
      '#',
      undefined,
      new Error('no'),
    );
  }),
);
