import {
  asyncScheduler,
  concatMap,
  defer,
  NEVER,
  type Observable,
  of,
  throwError,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { truncateDataUrls } from '../../../src/base/modelInput.ts';
import { ProviderError } from '../../../src/errors.ts';
import { createClaims } from '../../../src/operators/predictions/claims.ts';
import { createLookout, type Lookout } from '../../../src/operators/predictions/lookout.ts';
import { createAttempt, type SentRequest } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Claims, Provider } from '../../../src/ports.ts';
import type { ClaimOwner, Prediction, PredictionPage } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const page = (predictions: readonly Prediction[], next: string | null = null): PredictionPage => ({
  predictions,
  next,
});
const listing = (...predictions: Prediction[]): Provider =>
  fakeProvider({ listPredictions: () => of(page(predictions)) });
/** An attempt of the usual request, sent at 0. */
const anAttempt = (fields: Partial<SentRequest> = {}) =>
  createAttempt({ request: aRequest(), sentAtMs: 0, ...fields });
const uncertain = expect.objectContaining({
  code: 'ERR_UNCERTAIN',
  tookEffect: 'unknown',
  recoverable: true,
});
/** A request with a seed of its own and an immediate response: a proof about earlier lost ones. */
const another = (seed: number, prediction: Partial<Prediction> = {}) => {
  const request = aRequest({ input: { prompt: 'another', seed } });
  return { request, prediction: aPrediction({ id: `other ${seed}`, input: request.input, ...prediction }) };
};
const send = (lookout: Lookout, seed: number, sentAtMs: number, fields: Partial<Prediction> = {}) => {
  const { request, prediction } = another(seed, fields);
  return lookout.watch(createAttempt({ request, sentAtMs }), of(prediction));
};

it(
  'claims the prediction with the same request',
  marbles(({ cold, expectObservable, flush }) => {
    const mine = aPrediction({ id: 'mine' });
    const others = [
      aPrediction({ id: 'other-input', input: { prompt: 'a dog', seed: 1 } }),
      aPrediction({ id: 'other-model', model: 'owner/other' }),
      aPrediction({ id: 'no-input-any-more', input: null, dataRemoved: true }),
    ];
    const listPredictions = () => cold('--(l|)', { l: page([...others, mine]) });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    expectObservable(lookout.find(anAttempt())).toBe('--(p|)', { p: mine });
    flush();
    expect(lookout.claims.has('mine')).toBe(true);
  }),
);

it(
  'asks once, by its id, for the input of a possible match that the list leaves out',
  marbles(({ cold, expectObservable, flush }) => {
    const asked: string[] = [];
    const other = aPrediction({ id: 'other', input: { prompt: 'a dog', seed: 1 } });
    const mine = aPrediction({ id: 'mine' });
    const pages = [
      page([{ ...other, input: null }]),
      page([
        { ...mine, input: null },
        { ...other, input: {} },
      ]),
    ];
    const provider = fakeProvider({
      listPredictions: () => defer(() => of(pages.shift() ?? page([]))),
      getPrediction: (id) => {
        asked.push(id);
        return cold('-(p|)', { p: id === 'mine' ? mine : other });
      },
    });
    expectObservable(createLookout(provider).find(anAttempt())).toBe('2001ms (p|)', { p: mine });
    flush();
    expect(asked).toEqual(['other', 'mine']);
  }),
);

it(
  'follows the pages, and asks from twenty minutes before the attempt',
  marbles(({ cold, expectObservable, flush }) => {
    const asked: unknown[] = [];
    const listPredictions: Provider['listPredictions'] = (query) => {
      asked.push(query);
      return cold('-(l|)', { l: query.next === undefined ? page([], 'second') : page([aPrediction()]) });
    };
    const found = createLookout(fakeProvider({ listPredictions })).find(anAttempt({ sentAtMs: 1_300_000 }));
    expectObservable(found).toBe('--(p|)', { p: aPrediction() });
    flush();
    expect(asked).toEqual([{ createdAfterMs: 100_000 }, { createdAfterMs: 100_000, next: 'second' }]);
  }),
);

it(
  'reads no page that is older than the attempt, once it knows the clock of the service',
  marbles(({ expectObservable, flush }) => {
    let pages = 0;
    const at = (ms: number) => new Date(3_600_000 + ms).toISOString();
    const listPredictions: Provider['listPredictions'] = ({ next }) =>
      defer(() => {
        pages += 1;
        const created = 200_000 - 60_000 * Number(next ?? 0);
        return of(
          page(
            [aPrediction({ id: `p${created}`, input: { prompt: 'b' }, createdAt: at(created) })],
            `${Number(next ?? 0) + 1}`,
          ),
        );
      });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    send(lookout, 9, 0, { createdAt: at(1) }).subscribe();
    expectObservable(lookout.find(anAttempt({ sentAtMs: 200_000 })), '- 1s !').toBe('--');
    flush();
    expect(pages).toBe(3); // 200 s, 140 s, 80 s: the last one is older by more than 90 s
  }),
);

it(
  'looks again, on a growing interval',
  marbles(({ expectObservable, flush }) => {
    const looksAtMs: number[] = [];
    const listPredictions = () =>
      defer(() => {
        looksAtMs.push(asyncScheduler.now());
        return of(page([]));
      });
    const found = createLookout(fakeProvider({ listPredictions })).find(anAttempt());
    expectObservable(found).toBe('130s #', undefined, uncertain);
    flush();
    expect(looksAtMs.map((ms) => ms / 1_000)).toEqual([0, 2, 6, 14, 30, 60, 90, 120, 130]);
  }),
);

it.each([7, 30, 90])('finds a prediction that is listed after %i s', (lagS) => {
  marbles(({ expectObservable }) => {
    const isListed = () => asyncScheduler.now() >= lagS * 1_000;
    const listPredictions = () => defer(() => of(page(isListed() ? [aPrediction()] : [])));
    const foundAtS = [0, 2, 6, 14, 30, 60, 90].find((atS) => atS >= lagS);
    const found = createLookout(fakeProvider({ listPredictions })).find(anAttempt());
    expectObservable(found).toBe(`${foundAtS}s (p|)`, { p: aPrediction() });
  })();
});

it(
  'concludes that nothing was made once the list shows a prediction that was sent later',
  marbles(({ expectObservable }) => {
    const { prediction } = another(7);
    const lookout = createLookout(listing(prediction));
    send(lookout, 7, 2_100).subscribe();
    const attempt = anAttempt();
    attempt.endedAtMs = 0;
    expectObservable(lookout.find(attempt)).toBe('60s (0|)', { 0: null });
  }),
);

it(
  'concludes nothing from a prediction that was sent before the lost response ended, nor from one that is not listed',
  marbles(({ expectObservable }) => {
    const lookout = createLookout(listing(another(7).prediction));
    send(lookout, 7, 0).subscribe(); // listed, but too early
    send(lookout, 8, 9_000).subscribe(); // later, but not listed
    expectObservable(lookout.find(anAttempt()), '90s !').toBe('-');
  }),
);

it(
  'ends as uncertain after two minutes if no later prediction proves anything',
  marbles(({ expectObservable }) => {
    expectObservable(createLookout(listing()).find(anAttempt())).toBe('130s #', undefined, uncertain);
  }),
);

it(
  'continues while other jobs are in flight, and looks a last time when the run has come to rest',
  marbles(({ cold, expectObservable }) => {
    let isAtRest = false;
    cold('200s (r|)').subscribe(() => {
      isAtRest = true;
    });
    const found = createLookout(listing()).find(anAttempt(), { isAtRest: () => isAtRest });
    expectObservable(found).toBe('202s #', undefined, uncertain);
  }),
);

it(
  'concludes from a list ten minutes later that nothing was made, even if nothing else was',
  marbles(({ expectObservable }) => {
    const attempt = anAttempt({ sentAtMs: -600_000, isFromBefore: true });
    attempt.endedAtMs = 0;
    expectObservable(createLookout(listing()).find(attempt)).toBe('(0|)', { 0: null });
  }),
);

it(
  'concludes nothing from a list of which a part cannot be read',
  marbles(({ expectObservable }) => {
    const listPredictions = () => of({ ...page([]), isComplete: false });
    const attempt = anAttempt({ sentAtMs: -600_000, isFromBefore: true });
    expectObservable(createLookout(fakeProvider({ listPredictions })).find(attempt), '5s !').toBe('-');
  }),
);

it(
  'ends in uncertainty, soon after it comes to rest, when every list leads nowhere',
  marbles(({ expectObservable, flush }) => {
    let lists = 0;
    const listPredictions = () =>
      defer(() => {
        lists += 1;
        return of({ ...page([]), leadsNowhere: true });
      });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    expectObservable(lookout.find(anAttempt())).toBe('8s #', undefined, uncertain);
    flush();
    expect(lists).toBeLessThan(10);
  }),
);

it(
  'believes a service that lists each prediction at once',
  marbles(({ expectObservable }) => {
    const listPredictions = () => of({ ...page([]), isCurrent: true });
    expectObservable(createLookout(fakeProvider({ listPredictions })).find(anAttempt())).toBe('(0|)', {
      0: null,
    });
  }),
);

it(
  'keeps a request open whose prediction may be there, in a spelling that proves too little',
  marbles(({ expectObservable }) => {
    const doubtful = aPrediction({ id: 'doubtful', input: { prompt: 'a cat' } });
    const lookout = createLookout(listing(another(7).prediction, doubtful));
    send(lookout, 7, 2_100).subscribe();
    expectObservable(lookout.find(anAttempt())).toBe('130s #', undefined, uncertain);
  }),
);

it(
  'ignores a doubtful match that equals another request',
  marbles(({ expectObservable }) => {
    const request = aRequest({ input: { prompt: 'a cat' } });
    const theirs = aPrediction({ id: 'theirs', input: request.input });
    const lookout = createLookout(listing(another(7).prediction, theirs));
    lookout.watch(createAttempt({ request, sentAtMs: 0 }), NEVER).subscribe();
    send(lookout, 7, 2_100).subscribe();
    expectObservable(lookout.find(anAttempt())).toBe('60s (0|)', { 0: null });
  }),
);

it(
  'reads one list for all lost requests',
  marbles(({ expectObservable, flush }) => {
    let lists = 0;
    const predictions = Array.from({ length: 50 }, (_, seed) => another(seed).prediction);
    const listPredictions = () =>
      defer(() => {
        lists += 1;
        return of(page(lists < 3 ? [] : predictions));
      });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    for (const [seed, prediction] of predictions.entries()) {
      const attempt = createAttempt({ request: another(seed).request, sentAtMs: 0 });
      expectObservable(lookout.find(attempt)).toBe('6s (p|)', { p: prediction });
    }
    flush();
    expect(lists).toBe(3);
  }),
);

it(
  'never gives one prediction to two jobs with equal requests',
  marbles(({ expectObservable }) => {
    const lookout = createLookout(listing(aPrediction({ id: 'new' }), aPrediction({ id: 'old' })));
    expectObservable(lookout.find(anAttempt({ sentAtMs: 1 }))).toBe('(p|)', {
      p: aPrediction({ id: 'new' }),
    });
    expectObservable(lookout.find(anAttempt())).toBe('(p|)', { p: aPrediction({ id: 'old' }) });
    expectObservable(lookout.find(anAttempt({ sentAtMs: 2 }))).toBe('130s 2ms #', undefined, uncertain);
  }),
);

it(
  'gives a response whose prediction was taken by an equal job the prediction of that one',
  marbles(({ cold, expectObservable }) => {
    const [mine, theirs] = [aPrediction({ id: 'mine' }), aPrediction({ id: 'theirs' })];
    const answers = [page([mine]), page([theirs, mine])];
    const lookout = createLookout(
      fakeProvider({
        listPredictions: () => defer(() => of(answers.length > 1 ? answers.shift()! : answers[0]!)),
      }),
    );
    const inFlight = anAttempt();
    const answered = lookout.watch(inFlight, cold('1s (p|)', { p: mine }));
    expectObservable(lookout.find(anAttempt())).toBe('(p|)', { p: mine });
    expectObservable(answered).toBe(
      '1s #',
      undefined,
      expect.objectContaining({ code: 'ERR_PREDICTION_TAKEN' }),
    );
    const again = cold('1001ms (x|)').pipe(concatMap(() => lookout.find(inFlight)));
    expectObservable(again).toBe('2s (p|)', { p: theirs });
  }),
);

it.each([
  ['model', { model: 'evil/other' }],
  ['version', { version: 'b'.repeat(64) }],
  ['prompt', { input: { prompt: 'quite another' } }],
])('adopts no response about another %s, nor its prediction', (_what, fields) => {
  const lookout = createLookout(fakeProvider({}));
  const request = aRequest({ version: 'a'.repeat(64) });
  const seen: unknown[] = [];
  const response = of(aPrediction({ version: 'A'.repeat(64), ...fields }));
  lookout
    .watch(anAttempt({ request }), response)
    .subscribe({ error: ({ code, tookEffect }) => seen.push(code, tookEffect) });
  expect(seen).toEqual(['ERR_WRONG_RESPONSE', 'unknown']);
  expect(lookout.claims.has('p1')).toBe(false);
});

it('takes a response that names the model in other letters, hides the version and leaves out the input', () => {
  const lookout = createLookout(fakeProvider({}));
  const response = aPrediction({ model: 'Owner/Name', version: 'hidden', input: null });
  const seen: string[] = [];
  lookout
    .watch(anAttempt({ request: aRequest({ version: 'a'.repeat(64) }) }), of(response))
    .subscribe(({ id }) => seen.push(id));
  expect(seen).toEqual(['p1']);
});

it(
  'takes the id of a response under another name of the model if the list has it under that name too',
  marbles(({ expectObservable }) => {
    const renamed = aPrediction({ model: 'new-owner/name' });
    const lookout = createLookout(listing(renamed));
    const attempt = anAttempt();
    expectObservable(lookout.watch(attempt, of(renamed))).toBe('#', undefined, expect.anything());
    expectObservable(defer(() => lookout.find(attempt))).toBe('(p|)', { p: renamed });
  }),
);

const limited = (cancelAfterMs: number, fields: Partial<Prediction> = {}): Prediction =>
  aPrediction({
    id: `${cancelAfterMs} ms`,
    createdAt: '2026-01-01T00:00:00.25Z',
    deadline: new Date(Date.parse('2026-01-01T00:00:00.25Z') + cancelAfterMs).toISOString(),
    ...fields,
  });

it(
  'distinguishes equal requests of two runs by their time limits, if the service shows these',
  marbles(({ expectObservable }) => {
    const [mine, theirs] = [limited(640_000), limited(701_000)];
    for (const predictions of [
      [mine, theirs],
      [theirs, mine],
    ]) {
      const [one, other] = [createLookout(listing(...predictions)), createLookout(listing(...predictions))];
      expectObservable(one.find(anAttempt({ cancelAfterMs: 640_000 }))).toBe('(p|)', { p: mine });
      expectObservable(other.find(anAttempt({ cancelAfterMs: 701_000 }))).toBe('(p|)', { p: theirs });
    }
  }),
);

it(
  'leaves the prediction of another run alone, and concludes nothing from it',
  marbles(({ expectObservable }) => {
    const theirs = limited(701_000);
    const { request, prediction } = another(7, { ...limited(650_000), id: 'other 7' });
    const own = { ...prediction, input: request.input };
    const lookout = createLookout(listing(own, theirs));
    const attempt = createAttempt({ request, sentAtMs: 2_100, cancelAfterMs: 650_000 });
    lookout.watch(attempt, of(own)).subscribe();
    expectObservable(lookout.find(anAttempt({ cancelAfterMs: 640_000 }))).toBe('60s (0|)', { 0: null });
  }),
);

it(
  'ignores time limits if the service shows others than were sent',
  marbles(({ expectObservable }) => {
    const mine = limited(1_800_000);
    const { request } = another(7);
    const lookout = createLookout(listing(mine));
    const response = { ...limited(1_800_000, { id: 'other 7' }), input: request.input };
    lookout.watch(createAttempt({ request, sentAtMs: 0, cancelAfterMs: 650_000 }), of(response)).subscribe();
    // Its clock would not fit either.
    expectObservable(lookout.find(anAttempt({ cancelAfterMs: 640_000, sentAtMs: 0 }))).toBe('(p|)', {
      p: mine,
    });
  }),
);

it(
  'distinguishes equal requests by their webhooks',
  marbles(({ expectObservable }) => {
    const url = (attempt: string) => `https://hooks.example/?job=0&attempt=${attempt}`;
    const [mine, theirs] = ['a', 'b'].map((id) => aPrediction({ id, webhook: url(id) }));
    const lookout = createLookout(listing(mine!, theirs!));
    expectObservable(lookout.find(anAttempt({ webhookUrl: url('a') }))).toBe('(p|)', { p: mine });
  }),
);

it(
  'leaves an older prediction with the same request alone, once it knows the clock of the service',
  marbles(({ expectObservable }) => {
    const at = (ms: number) => new Date(86_400_000 + ms).toISOString();
    const [older, mine] = [20_000, 60_500].map((ms) => aPrediction({ id: `${ms}`, createdAt: at(ms) }));
    const answers = [page([older!]), page([mine!, older!])];
    const lookout = createLookout(
      fakeProvider({ listPredictions: () => defer(() => of(answers.shift() ?? page([]))) }),
    );
    send(lookout, 7, 0, { createdAt: at(0.5) }).subscribe();
    const attempt = anAttempt({ sentAtMs: 60_000 });
    attempt.endedAtMs = 61_000;
    expectObservable(lookout.find(attempt)).toBe('2s (p|)', { p: mine });
  }),
);

it(
  'repeats a failing list call, and gives up on one that cannot succeed',
  marbles(({ cold, expectObservable }) => {
    const denied = new ProviderError('ERR_UNAUTHENTICATED', 'no', { status: 401, stopsRun: true });
    const listPredictions = () => cold<never>('-#', undefined, denied);
    const found = createLookout(fakeProvider({ listPredictions })).find(anAttempt());
    const stopped = expect.objectContaining({ code: denied.code, stopsRun: true, tookEffect: 'unknown' });
    expectObservable(found).toBe('-#', undefined, stopped);
  }),
);

it(
  'concludes nothing from a list that cannot be read, and finds the prediction when it can be read again',
  marbles(({ expectObservable }) => {
    const broken = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
    const listPredictions = () =>
      defer(() => (asyncScheduler.now() < 100_000 ? throwError(() => broken) : of(page([aPrediction()]))));
    const lookout = createLookout(fakeProvider({ listPredictions }), { random: () => 0 });
    expectObservable(lookout.find(anAttempt())).toBe('120s (p|)', { p: aPrediction() });
  }),
);

it(
  'ends as uncertain at once if the list is forbidden',
  marbles(({ cold, expectObservable }) => {
    const forbidden = new ProviderError('ERR_FORBIDDEN', '403: no', { status: 403 });
    const listPredictions = () => cold<never>('-#', undefined, forbidden);
    const found = createLookout(fakeProvider({ listPredictions })).find(anAttempt());
    expectObservable(found).toBe('-#', undefined, uncertain);
  }),
);

it(
  'ends as uncertain if a web filter blocks the list, which need not concern other calls',
  marbles(({ cold, expectObservable }) => {
    const page = { status: 403, recoverable: true, stopsRun: true };
    const blocked = new ProviderError('ERR_WEB_PAGE', '403: a web page', page);
    const listPredictions = () => cold<never>('#', undefined, blocked);
    const lookout = createLookout(fakeProvider({ listPredictions }), { random: () => 0 });
    expectObservable(lookout.find(anAttempt())).toBe('130s #', undefined, uncertain);
  }),
);

it('ends as uncertain if the list cannot be read to the end', () => {
  const broken = new ProviderError('ERR_SERVICE', '500', { status: 500, recoverable: true });
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const provider = fakeProvider({ listPredictions: () => throwError(() => broken) });
  const errors: ProviderError[] = [];
  createLookout(provider, { scheduler })
    .find(anAttempt())
    .subscribe({ error: (error) => errors.push(error) });
  scheduler.flush();
  expect(errors).toMatchObject([
    { code: 'ERR_UNCERTAIN', message: expect.stringContaining('cannot be read: 500') },
  ]);
});

it(
  'does not end with a list that came late, at the end of an outage',
  marbles(({ cold, expectObservable }) => {
    // The look of 120 s is held back for a minute.
    let [heldMs, looks] = [0, 0];
    const listPredictions = () =>
      defer(() => {
        looks += 1;
        if (looks !== 8) return of(page(looks > 9 ? [aPrediction()] : []));
        heldMs = 60_000;
        return cold<PredictionPage>('60s (l|)', { l: page([]) });
      });
    const outage = { awayMs: () => heldMs, wasAway: () => false, mayBeAway: () => false };
    const lookout = createLookout(fakeProvider({ listPredictions }), { outage });
    expectObservable(lookout.find(anAttempt())).toBe('190s (p|)', { p: aPrediction() });
  }),
);

it(
  'ends within six seconds if it is hurried',
  marbles(({ cold, expectObservable }) => {
    const found = createLookout(listing()).find(anAttempt(), { hurry: cold('20s h'), isAtRest: () => false });
    expectObservable(found).toBe('26s #', undefined, uncertain);
  }),
);

it(
  'passes on the error of `hurry`',
  marbles(({ cold, expectObservable }) => {
    const found = createLookout(listing()).find(anAttempt(), { hurry: cold('5s #') });
    expectObservable(found).toBe('5s #');
  }),
);

it(
  'stops asking when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const list = cold('---(l|)', { l: page([]) });
    const found = createLookout(fakeProvider({ listPredictions: () => list })).find(anAttempt());
    expectObservable(found, '-!').toBe('--');
    expectSubscriptions(list.subscriptions).toBe('^!');
  }),
);

it(
  'never finds predictions that earlier runs knew already',
  marbles(({ expectObservable }) => {
    const lookout = createLookout(listing(aPrediction()), { claims: createClaims(['p1']) });
    expectObservable(lookout.find(anAttempt())).toBe('130s #', undefined, uncertain);
  }),
);

it(
  'knows long data by its hash',
  marbles(({ expectObservable }) => {
    const input = { image: `data:image/png;base64,${'A'.repeat(2_000)}` };
    const other = aPrediction({ id: 'other', input: { image: `${input.image}B`, seed: 1 } });
    const mine = aPrediction({ id: 'mine', input });
    const request = aRequest({ input: truncateDataUrls(input) });
    expectObservable(createLookout(listing(other, mine)).find(anAttempt({ request }))).toBe('(p|)', {
      p: mine,
    });
  }),
);

describe('claims that other processes share', () => {
  /** Claims of which another process has some that this one learns of only when it asks. */
  const sharedClaims = (theirs: readonly string[], answerIn: (isFree: boolean) => Observable<boolean>) => {
    const known = createClaims();
    const asked: (readonly [string, ClaimOwner | null])[] = [];
    const claims: Claims = {
      ...known,
      take: (id, owner) => {
        asked.push([id, owner]);
        known.know([id]);
        return answerIn(!theirs.includes(id));
      },
    };
    return { claims, asked };
  };

  it(
    'are awaited before a prediction counts as found',
    marbles(({ cold, expectObservable, flush }) => {
      const { claims, asked } = sharedClaims([], () => cold('---(t|)', { t: true }));
      const lookout = createLookout(listing(aPrediction()), { claims });
      const owner = { index: 7, attempt: 2 };
      expectObservable(lookout.find(anAttempt({ owner }))).toBe('---(p|)', { p: aPrediction() });
      flush();
      expect(asked).toEqual([['p1', owner]]);
    }),
  );

  it(
    'leave a lost request that was slower with the next prediction, however late the look',
    marbles(({ cold, expectObservable }) => {
      const { claims } = sharedClaims(['theirs'], (isFree) => cold('-(t|)', { t: isFree }));
      const [theirs, mine] = [aPrediction({ id: 'theirs' }), aPrediction({ id: 'mine' })];
      const pages = [page([theirs]), page([mine, theirs])];
      const listPredictions = () => defer(() => of(pages.length > 1 ? pages.shift()! : pages[0]!));
      const lookout = createLookout(fakeProvider({ listPredictions }), { claims, lookForMs: 0 });
      const found = lookout.find(anAttempt(), { hurry: of(null) });
      expectObservable(found).toBe('2001ms (p|)', { p: mine });
    }),
  );

  it(
    'take the response whose prediction another process has',
    marbles(({ cold, expectObservable }) => {
      const { claims } = sharedClaims(['p1'], (isFree) => cold('--(t|)', { t: isFree }));
      const lookout = createLookout(fakeProvider({}), { claims });
      const taken = expect.objectContaining({ code: 'ERR_PREDICTION_TAKEN', tookEffect: 'unknown' });
      expectObservable(lookout.watch(anAttempt(), of(aPrediction()))).toBe('--#', undefined, taken);
    }),
  );

  it(
    'end a search with their own error if they cannot be asked',
    marbles(({ cold, expectObservable }) => {
      const { claims } = sharedClaims([], () => cold('-#'));
      const lookout = createLookout(listing(aPrediction()), { claims });
      expectObservable(lookout.find(anAttempt())).toBe('-#');
    }),
  );
});
