import { of } from 'rxjs';
import { expect, it } from 'vitest';
import { truncateDataUrls } from '../../../src/base/modelInput.ts';
import { ProviderError } from '../../../src/errors.ts';
import { adoptPrediction, createClaimedIds } from '../../../src/operators/predictions/adoptPrediction.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

const page = (predictions: readonly Prediction[], next: string | null = null) => ({ predictions, next });
const looksMs = [0, 5];

it(
  'claims the prediction with the same request',
  marbles(({ cold, expectObservable }) => {
    const claims = createClaimedIds();
    const mine = aPrediction({ id: 'mine' });
    const others = [
      aPrediction({ id: 'other-input', input: { prompt: 'a dog', seed: 1 } }),
      aPrediction({ id: 'other-model', model: 'owner/other' }),
      aPrediction({ id: 'no-input-any-more', input: null, dataRemoved: true }),
    ];
    const listPredictions = () => cold('--(l|)', { l: page([...others, mine]) });
    const adopted = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 0,
      claims,
      looksMs,
    });
    expectObservable(adopted).toBe('--(p|)', { p: mine });
  }),
);

it(
  'asks for the input of a possible match if the list leaves it out',
  marbles(({ cold, expectObservable }) => {
    const mine = aPrediction({ id: 'mine' });
    const other = aPrediction({ id: 'other', input: { prompt: 'a dog', seed: 1 } });
    const provider = fakeProvider({
      listPredictions: () => of(page([other, mine].map((one) => ({ ...one, input: null })))),
      getPrediction: (id) => cold('-(p|)', { p: id === 'mine' ? mine : other }),
    });
    const adopted = adoptPrediction(provider, aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted).toBe('--(p|)', { p: mine });
  }),
);

it(
  'compares the input by value, in any order of its keys',
  marbles(({ expectObservable }) => {
    const mine = aPrediction({ input: { seed: 1, prompt: 'a cat' } });
    const listPredictions = () => of(page([mine]));
    const adopted = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted).toBe('(p|)', { p: mine });
  }),
);

it(
  'distinguishes versions if one is pinned',
  marbles(({ expectObservable }) => {
    const old = aPrediction({ id: 'old', version: 'a'.repeat(64) });
    const mine = aPrediction({ id: 'mine', version: 'b'.repeat(64) });
    const listPredictions = () => of(page([old, mine]));
    const request = aRequest({ version: 'b'.repeat(64) });
    const adopted = adoptPrediction(fakeProvider({ listPredictions }), request, {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted).toBe('(p|)', { p: mine });
  }),
);

it(
  'follows the pages and asks from just before the attempt',
  marbles(({ cold, expectObservable, flush }) => {
    const asked: unknown[] = [];
    const mine = aPrediction();
    const listPredictions = (query: { createdAfterMs: number; next?: string }) => {
      asked.push(query);
      return query.next === undefined
        ? cold('-(l|)', { l: page([], 'second') })
        : cold('-(l|)', { l: page([mine]) });
    };
    const adopted = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 60_000,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted).toBe('--(p|)', { p: mine });
    flush();
    expect(asked).toEqual([{ createdAfterMs: 58_000 }, { createdAfterMs: 58_000, next: 'second' }]);
  }),
);

it(
  'looks again before it concludes that none was made',
  marbles(({ cold, expectObservable }) => {
    const mine = aPrediction();
    const answers = [page([]), page([mine])];
    const listPredictions = () => cold('-(l|)', { l: answers.shift() ?? page([]) });
    const late = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(late).toBe('-------(p|)', { p: mine });
  }),
);

it(
  'emits null when no look finds it',
  marbles(({ cold, expectObservable }) => {
    const listPredictions = () => cold('-(l|)', { l: page([]) });
    const none = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(none).toBe('-------(0|)', { 0: null });
  }),
);

it(
  'never gives one prediction to two jobs with equal requests',
  marbles(({ expectObservable }) => {
    const claims = createClaimedIds();
    const listPredictions = () => of(page([aPrediction({ id: 'one' }), aPrediction({ id: 'two' })]));
    const adopt = () =>
      adoptPrediction(fakeProvider({ listPredictions }), aRequest(), { sinceMs: 0, claims, looksMs });
    expectObservable(adopt()).toBe('(p|)', { p: aPrediction({ id: 'two' }) });
    expectObservable(adopt()).toBe('(p|)', { p: aPrediction({ id: 'one' }) });
    expectObservable(adopt()).toBe('5ms (0|)', { 0: null });
  }),
);

it(
  'leaves the newest to jobs that began later, even if the oldest is on another page',
  marbles(({ expectObservable }) => {
    const claims = createClaimedIds();
    const made = [aPrediction({ id: 'early' }), aPrediction({ id: 'late' })];
    const listPredictions = ({ createdAfterMs, next }: { createdAfterMs: number; next?: string }) => {
      const [early = [], late = []] = made.map((prediction) => [prediction]);
      if (createdAfterMs > 0) return of(page(late));
      return of(next === undefined ? page(late, 'second') : page(early));
    };
    const adopt = (sinceMs: number) =>
      adoptPrediction(fakeProvider({ listPredictions }), aRequest(), { sinceMs, claims, looksMs });
    expectObservable(adopt(0)).toBe('(p|)', { p: made[0] });
    expectObservable(adopt(25_000)).toBe('(p|)', { p: made[1] });
  }),
);

it(
  'takes a hidden version for the one that was asked for',
  marbles(({ expectObservable }) => {
    const mine = aPrediction({ version: 'hidden' });
    const adopted = adoptPrediction(
      fakeProvider({ listPredictions: () => of(page([mine])) }),
      aRequest({ version: 'b'.repeat(64) }),
      { sinceMs: 0, claims: createClaimedIds(), looksMs },
    );
    expectObservable(adopted).toBe('(p|)', { p: mine });
  }),
);

it(
  'repeats a failing list call, and gives up on one that cannot succeed',
  marbles(({ cold, expectObservable }) => {
    const denied = new ProviderError('ERR_UNAUTHENTICATED', 'no', { status: 401 });
    const listPredictions = () => cold<never>('-#', undefined, denied);
    const adopted = adoptPrediction(fakeProvider({ listPredictions }), aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted).toBe('-#', undefined, denied);
  }),
);

it(
  'stops asking when it is unsubscribed',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const list = cold('---(l|)', { l: page([]) });
    const adopted = adoptPrediction(fakeProvider({ listPredictions: () => list }), aRequest(), {
      sinceMs: 0,
      claims: createClaimedIds(),
      looksMs,
    });
    expectObservable(adopted, '-!').toBe('--');
    expectSubscriptions(list.subscriptions).toBe('^!');
  }),
);

it(
  'knows long data by its hash',
  marbles(({ expectObservable }) => {
    const input = { image: `data:image/png;base64,${'A'.repeat(2_000)}` };
    const other = aPrediction({ id: 'other', input: { image: `${input.image}B` } });
    const mine = aPrediction({ id: 'mine', input });
    const listPredictions = () => of(page([other, mine]));
    const adopted = adoptPrediction(
      fakeProvider({ listPredictions }),
      aRequest({ input: truncateDataUrls(input) }),
      {
        sinceMs: 0,
        claims: createClaimedIds(),
        looksMs,
      },
    );
    expectObservable(adopted).toBe('(p|)', { p: mine });
  }),
);

it(
  'does not conclude from a list of which a part cannot be read that none was made',
  marbles(({ expectObservable }) => {
    const mine = aPrediction();
    const config = { sinceMs: 0, claims: createClaimedIds(), looksMs };
    const pages = [page([]), { ...page([]), isComplete: false }];
    const never = fakeProvider({ listPredictions: () => of(pages.shift() ?? page([])) });
    const error = new ProviderError(
      'ERR_UNREADABLE_ANSWER',
      'A part of the list of predictions cannot be read',
      {
        recoverable: true,
        tookEffect: 'unknown',
        suggestion: 'Run the same command again.',
      },
    );
    expectObservable(adoptPrediction(never, aRequest(), config)).toBe('-----#', undefined, error);
    const found = fakeProvider({ listPredictions: () => of({ ...page([mine]), isComplete: false }) });
    expectObservable(adoptPrediction(found, aRequest(), config)).toBe('(p|)', { p: mine });
    const later = [{ ...page([]), isComplete: false }, page([])];
    const whole = fakeProvider({ listPredictions: () => of(later.shift() ?? page([])) });
    expectObservable(adoptPrediction(whole, aRequest(), config)).toBe('-----(n|)', { n: null });
  }),
);
