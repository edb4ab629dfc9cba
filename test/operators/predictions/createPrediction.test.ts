import { catchError, defer, EMPTY, NEVER, of, throwError, VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError, type ProviderErrorDetails } from '../../../src/errors.ts';
import { createClaims } from '../../../src/operators/predictions/claims.ts';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import type { Attempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Governor, Provider } from '../../../src/ports.ts';
import type { CreateOptions, Prediction } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeGovernor, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { alone } from '../../helpers/oneItem.ts';

const { createPrediction } = alone;

const providerError = (details: ProviderErrorDetails) => new ProviderError('ERR_TEST', 'test', details);
const throttled = providerError({ status: 429, retryAfterMs: 5, recoverable: true, reason: 'too many' });
const lost = providerError({ tookEffect: 'unknown', recoverable: true });
const noConnection = providerError({ recoverable: true });
const refused = providerError({ status: 422 });

it(
  'emits the created prediction',
  marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
    const requests = cold('(r|)', { r: aRequest() });
    const create = cold('---(p|)', { p: aPrediction() });
    const governor = fakeGovernor();
    const provider = fakeProvider({ createPrediction: () => create });
    expectObservable(requests.pipe(createPrediction(provider, { governor }))).toBe('---(p|)', {
      p: aPrediction(),
    });
    expectSubscriptions(create.subscriptions).toBe('^--!');
    flush();
    expect(governor.told).toEqual(['accepted']);
  }),
);

it(
  'passes on never and empty',
  marbles(({ expectObservable }) => {
    const operator = createPrediction(fakeProvider({}), { governor: fakeGovernor() });
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
      governor: fakeGovernor(() => cold('--(a|)')),
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
    const governor = fakeGovernor(() => cold('--(a|)'));
    const waits: unknown[] = [];
    const provider = fakeProvider({ createPrediction: () => defer(() => answers.shift() ?? NEVER) });
    const onThrottled = (...wait: unknown[]) => waits.push(wait);
    const operator = createPrediction(provider, { governor, onThrottled });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-----(p|)', { p: aPrediction() });
    flush();
    expect(governor.told).toEqual(['refused 5', 'accepted']);
    expect(waits).toEqual([[5, 'too many']]);
  }),
);

it(
  'sends again after any number of 429s: they are no attempts',
  marbles(({ expectObservable, flush }) => {
    let left = 100;
    const send = () => {
      left -= 1;
      return left >= 0 ? throwError(() => throttled) : of(aPrediction());
    };
    const governor = fakeGovernor();
    const provider = fakeProvider({ createPrediction: () => defer(send) });
    const operator = createPrediction(provider, { governor, retries: 0 });
    expectObservable(of(aRequest()).pipe(operator)).toBe('(p|)', { p: aPrediction() });
    flush();
    expect(governor.told).toHaveLength(100 + 1);
  }),
);

it(
  'sends again after any number of errors of a service that is away, a second later',
  marbles(({ cold, expectObservable }) => {
    const away = new ProviderError('ERR_NO_CONNECTION', 'no', { recoverable: true });
    const answers = [...Array(20).keys()].map(() => cold<Prediction>('#', undefined, away));
    const provider = fakeProvider({
      createPrediction: () => defer(() => answers.shift() ?? of(aPrediction())),
    });
    const isOutage = (error: unknown) => error === away;
    const operator = createPrediction(provider, { governor: fakeGovernor(), retries: 0, isOutage });
    expectObservable(of(aRequest()).pipe(operator)).toBe('20s (p|)', { p: aPrediction() });
  }),
);

it(
  'asks for a new grant if the first has grown too old when the request is written',
  marbles(({ cold, expectObservable, flush }) => {
    const grants: number[] = [];
    const unsent = new ProviderError('ERR_NOT_SENT', 'too old', { recoverable: true });
    const createPredictionOnce: Provider['createPrediction'] = (_request, { mayStillSend }) =>
      mayStillSend?.() === false ? throwError(() => unsent) : cold('-(p|)', { p: aPrediction() });
    const provider = fakeProvider({ createPrediction: createPredictionOnce });
    const config = {
      governor: fakeGovernor(),
      // It costs no try.
      retries: 1,
      delayMs: 3,
      beforeSend: () => defer(() => of(grants.push(grants.length))),
      mayStillSend: () => grants.length > 3,
    };
    expectObservable(of(aRequest()).pipe(createPrediction(provider, config))).toBe('----------(p|)', {
      p: aPrediction(),
    });
    flush();
    expect(grants).toEqual([0, 1, 2, 3]);
  }),
);

it(
  'counts the time of a request from when it is sent, not from when its turn was asked for',
  marbles(({ cold, expectObservable, flush }) => {
    const times: (readonly number[])[] = [];
    const provider = fakeProvider({ createPrediction: () => cold('-(p|)', { p: aPrediction() }) });
    const config = {
      governor: fakeGovernor(),
      beforeSend: (_request: unknown, { sentAtMs, wallMs }: Attempt) => {
        times.push([sentAtMs, wallMs]);
        return cold('-----|');
      },
      onSend: ({ sentAtMs, wallMs }: Attempt) => times.push([sentAtMs, wallMs]),
    };
    expectObservable(of(aRequest()).pipe(createPrediction(provider, config))).toBe('------(p|)', {
      p: aPrediction(),
    });
    flush();
    const [asked = [], sent = []] = times;
    expect(sent.map((time, at) => time - (asked[at] ?? 0))).toEqual([5, 5]);
  }),
);

it(
  'reports to the governor the limits that the response named',
  marbles(({ cold, expectObservable, flush }) => {
    const governor = fakeGovernor();
    const createPredictionOnce: Provider['createPrediction'] = (_request, { onLimits }) => {
      onLimits?.({ remaining: 7, fullInMs: 1_000 });
      return cold('-(p|)', { p: aPrediction() });
    };
    const provider = fakeProvider({ createPrediction: createPredictionOnce });
    expectObservable(of(aRequest()).pipe(createPrediction(provider, { governor }))).toBe('-(p|)', {
      p: aPrediction(),
    });
    flush();
    expect(governor.told).toEqual(['accepted 7']);
  }),
);

it('sends with the options given', () => {
  let sent: CreateOptions | undefined;
  const provider = fakeProvider({
    createPrediction: (_request, options) => {
      sent = options;
      return NEVER;
    },
  });
  const options = { waitMs: 5, cancelAfterMs: 6_000, webhookUrl: 'https://hooks.example/1' };
  const operator = createPrediction(provider, { governor: fakeGovernor(), ...options });
  of(aRequest()).pipe(operator).subscribe().unsubscribe();
  expect(sent).toMatchObject(options);
});

it(
  'reports nothing of a create request that ended in another way',
  marbles(({ cold, expectObservable, flush }) => {
    const governor = fakeGovernor();
    const provider = fakeProvider({ createPrediction: () => cold<Prediction>('-#', undefined, refused) });
    expectObservable(of(aRequest()).pipe(createPrediction(provider, { governor }))).toBe(
      '-#',
      undefined,
      refused,
    );
    flush();
    expect(governor.told).toEqual([]);
  }),
);

it(
  'sends again after a connection that was never made, with a doubling wait, then gives the error on',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-#', undefined, noConnection);
    const provider = fakeProvider({ createPrediction: () => create });
    const operator = createPrediction(provider, { governor: fakeGovernor(), retries: 2, delayMs: 2 });
    expectObservable(of(aRequest()).pipe(operator)).toBe('---------#', undefined, noConnection);
    expectSubscriptions(create.subscriptions).toBe(['^!', '---^!', '--------^!']);
  }),
);

it(
  'does not send a refused request again',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-#', undefined, refused);
    const provider = fakeProvider({ createPrediction: () => create });
    const operator = createPrediction(provider, { governor: fakeGovernor() });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-#', undefined, refused);
    expectSubscriptions(create.subscriptions).toBe(['^!']);
  }),
);

it(
  'adopts a prediction whose response was lost, and sends nothing again',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('---#', undefined, lost);
    const made = aPrediction({ id: 'made', status: 'processing' });
    const provider = fakeProvider({
      createPrediction: () => create,
      listPredictions: () => of({ predictions: [made], next: null }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor() });
    expectObservable(of(aRequest()).pipe(operator)).toBe('---(p|)', { p: made });
    expectSubscriptions(create.subscriptions).toBe(['^--!']);
  }),
);

it(
  'sends a lost create request again once a list proves that it made nothing',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const later = aPrediction({ id: 'later', input: { prompt: 'later' } });
    const second = cold('-(p|)', { p: aPrediction() });
    const answers = [cold<never>('-#', undefined, lost), cold('-(l|)', { l: later }), second];
    const provider = fakeProvider({
      createPrediction: () => defer(() => answers.shift() ?? NEVER),
      listPredictions: () => of({ predictions: [later], next: null }),
    });
    const requests = cold('r 2999ms (l|)', { r: aRequest(), l: aRequest({ input: { prompt: 'later' } }) });
    const operator = createPrediction(provider, { governor: fakeGovernor(), delayMs: 10 });
    expectObservable(requests.pipe(operator)).toBe('3001ms l 57010ms (p|)', { l: later, p: aPrediction() });
    expectSubscriptions(second.subscriptions).toBe('60011ms ^!');
  }),
);

it(
  'emits the error of the service if it proves to have made nothing, attempt after attempt',
  marbles(({ cold, expectObservable }) => {
    const broken = providerError({ status: 500, tookEffect: 'unknown', recoverable: true });
    const provider = fakeProvider({
      createPrediction: () => cold<never>('-#', undefined, broken),
      listPredictions: () => of({ predictions: [], next: null, isCurrent: true }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor(), retries: 1, delayMs: 10 });
    const refusal = expect.objectContaining({ code: 'ERR_TEST', status: 500, tookEffect: 'no' });
    expectObservable(of(aRequest()).pipe(operator)).toBe('2001ms #', undefined, refusal); // two looks, 2 s apart
  }),
);

it(
  'leaves the search to the caller on demand',
  marbles(({ cold, expectObservable }) => {
    const provider = fakeProvider({ createPrediction: () => cold<never>('--#', undefined, lost) });
    const operator = createPrediction(provider, {
      governor: fakeGovernor(),
      cancelAfterMs: 640_000,
      onLost: ({ sentAtMs, cancelAfterMs, endedAtMs }, error) =>
        throwError(() => ({ sentAtMs, cancelAfterMs, endedAtMs, error })),
    });
    expectObservable(of(aRequest()).pipe(operator)).toBe('--#', undefined, {
      sentAtMs: 0,
      cancelAfterMs: 640_000,
      endedAtMs: 2,
      error: lost,
    });
  }),
);

it.each([
  ['is refused as too fast', throttled],
  ['has no connection', noConnection],
  ['is refused', providerError({ status: 401, stopsRun: true })],
])('does not send a lost create request again if the list %s: its result stays open', (_name, failure) => {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  let creates = 0;
  let error: unknown;
  const provider = fakeProvider({
    createPrediction: () =>
      defer(() => {
        creates += 1;
        return throwError(() => lost);
      }),
    listPredictions: () => throwError(() => failure),
  });
  const governor = fakeGovernor();
  of(aRequest())
    .pipe(createPrediction(provider, { governor, scheduler }))
    .subscribe({
      error: (reason: unknown) => {
        error = reason;
      },
    });
  scheduler.flush();
  expect(creates).toBe(1);
  expect(governor.told).toEqual([]);
  expect(error).toMatchObject({ tookEffect: 'unknown', stopsRun: failure.stopsRun });
  expect(scheduler.now()).toBeGreaterThan(failure.recoverable ? 120_000 : -1);
});

it(
  'lets an equal job have the prediction of another one, and takes theirs',
  marbles(({ cold, expectObservable }) => {
    const claims = createClaims(['p1']);
    const theirs = aPrediction({ id: 'p2' });
    const provider = fakeProvider({
      createPrediction: () => cold('-(p|)', { p: aPrediction({ id: 'p1' }) }),
      listPredictions: () => of({ predictions: [aPrediction({ id: 'p1' }), theirs], next: null }),
    });
    const lookout = createLookout(provider, { claims });
    const operator = createPrediction(provider, { governor: fakeGovernor(), lookout });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-(p|)', { p: theirs });
  }),
);

it(
  'drops the call when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const create = cold<Prediction>('-----(p|)');
    const provider = fakeProvider({ createPrediction: () => create });
    expectObservable(
      of(aRequest()).pipe(createPrediction(provider, { governor: fakeGovernor() })),
      '--!',
    ).toBe('---');
    expectSubscriptions(create.subscriptions).toBe('^-!');
  }),
);

it(
  'emits the error of a callback',
  marbles(({ cold, expectObservable }) => {
    const provider = fakeProvider({ createPrediction: () => cold<Prediction>('-(p|)') });
    const config = {
      governor: fakeGovernor(),
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

it(
  'sends, writes down and looks for the prepared request',
  marbles(({ cold, expectObservable, flush }) => {
    const prepared = aRequest({ input: { image: 'https://files.example/1' } });
    const mine = aPrediction({ input: prepared.input });
    const seen: string[] = [];
    const provider = fakeProvider({
      createPrediction: ({ input }) => {
        seen.push(`sent ${input.image}`);
        return cold<Prediction>('-#', undefined, lost);
      },
      listPredictions: () => cold('-(l|)', { l: { predictions: [aPrediction(), mine], next: null } }),
    });
    const operator = createPrediction(provider, {
      governor: fakeGovernor(),
      prepare: () => cold('--(r|)', { r: prepared }),
      beforeSend: ({ input }) => {
        seen.push(`wrote ${input.image}`);
        return EMPTY;
      },
    });
    expectObservable(of(aRequest()).pipe(operator)).toBe('----(p|)', { p: mine });
    flush();
    expect(seen).toEqual(['wrote https://files.example/1', 'sent https://files.example/1']);
  }),
);

it(
  'looks for nothing if a request cannot be prepared: it was not sent',
  marbles(({ cold, expectObservable }) => {
    const operator = createPrediction(fakeProvider({}), {
      governor: fakeGovernor(),
      prepare: () => cold('-#', undefined, lost),
    });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-#', undefined, lost);
  }),
);

it(
  'emits the refusal itself, once the list shows that nothing was made, if another try cannot help',
  marbles(({ cold, expectObservable }) => {
    const tooLarge = new ProviderError('ERR_TOO_LARGE', 'too large', { status: 413, tookEffect: 'unknown' });
    const provider = fakeProvider({
      createPrediction: () => cold('-#', undefined, tooLarge),
      listPredictions: () => of({ predictions: [], next: null, isCurrent: true }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor() });
    const seen = of(aRequest()).pipe(
      operator,
      catchError(({ code, status, tookEffect }: ProviderError) => of({ code, status, tookEffect })),
    );
    expectObservable(seen).toBe('-(e|)', {
      e: { code: 'ERR_TOO_LARGE', status: 413, tookEffect: 'no' },
    });
  }),
);

it(
  'leaves it to the next run to look for a prediction after an error that stops this one',
  marbles(({ cold, expectObservable }) => {
    const stopped = providerError({ status: 401, tookEffect: 'unknown', stopsRun: true });
    const provider = fakeProvider({
      createPrediction: () => cold('-#', undefined, stopped),
      listPredictions: () => of({ predictions: [aPrediction()], next: null }),
    });
    const operator = createPrediction(provider, { governor: fakeGovernor() });
    expectObservable(of(aRequest()).pipe(operator)).toBe('-#', undefined, stopped);
  }),
);

it(
  'asks the governor for leave as one that was refused, and reports each request as over',
  marbles(({ cold, expectObservable, flush }) => {
    const seen: string[] = [];
    const answers = [
      cold<Prediction>('-#', undefined, throttled),
      cold<Prediction>('-#', undefined, noConnection),
      cold('-(p|)', { p: aPrediction() }),
    ];
    const governor: Governor = {
      admit: (wasRefused) => {
        seen.push(`asked ${wasRefused}`);
        return of({
          accepted: () => seen.push('accepted'),
          refused: () => seen.push('refused'),
          over: () => seen.push('over'),
        });
      },
    };
    const provider = fakeProvider({ createPrediction: () => defer(() => answers.shift() ?? NEVER) });
    const operator = createPrediction(provider, { governor, delayMs: 1 });
    expectObservable(of(aRequest()).pipe(operator)).toBe('----(p|)', { p: aPrediction() });
    flush();
    expect(seen).toEqual([
      'asked false',
      'refused',
      'over',
      'asked true',
      'over',
      'asked false',
      'accepted',
      'over',
    ]);
  }),
);

it(
  'emits at once that the wait would be too long: another try cannot help',
  marbles(({ expectObservable }) => {
    const tooLong = new ProviderError('ERR_WAIT_TOO_LONG', 'no', { stopsRun: true });
    const governor: Governor = { admit: () => throwError(() => tooLong) };
    const operator = createPrediction(fakeProvider({}), { governor });
    expectObservable(of(aRequest()).pipe(operator)).toBe('#', undefined, tooLong);
  }),
);
