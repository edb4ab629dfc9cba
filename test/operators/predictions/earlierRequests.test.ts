import { defer, of } from 'rxjs';
import { expect, it } from 'vitest';
import { createLookout, type Lookout } from '../../../src/operators/predictions/lookout.ts';
import { createAttempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

// A request of a killed run, a quarter of an hour ago, that made nothing; an equal one is sent now.
// The list shows at once that the old one made nothing. For the new one that takes ten minutes.

/** A time of the service, whose clock is an hour ahead. */
const at = (ms: number) => new Date(3_600_000 + ms).toISOString();
const made = (id: string, ms: number) => aPrediction({ id, createdAt: at(ms) });
const sent = (sentAtMs: number) => createAttempt({ request: aRequest(), sentAtMs });
const sentBefore = (sentAtMs: number) => {
  const attempt = createAttempt({ request: aRequest(), sentAtMs, isFromBefore: true });
  // It is not known when its run was killed.
  attempt.endedAtMs = 0;
  return attempt;
};
/** Sends another request, whose response shows the time of the service. */
const prove = (lookout: Lookout, seed: number, ms: number) => {
  const request = aRequest({ input: { prompt: 'another', seed } });
  const prediction = aPrediction({ id: `proof ${seed}`, input: request.input, createdAt: at(ms) });
  lookout.watch(createAttempt({ request, sentAtMs: ms }), of(prediction)).subscribe();
};
const listing = (...predictions: Prediction[]) =>
  createLookout(fakeProvider({ listPredictions: () => of({ predictions, next: null }) }));

it(
  'does not get the prediction of an equal request in flight, by its time',
  marbles(({ cold, expectObservable }) => {
    const own = made('own', 10);
    const lookout = listing(own);
    for (const seed of [1, 2]) prove(lookout, seed, 0);
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    expectObservable(lookout.find(sentBefore(-900_000))).toBe('(0|)', { 0: null });
  }),
);

it(
  'does not get that of an equal request that was lost now',
  marbles(({ expectObservable }) => {
    const [early, own] = [made('early', -899_000), made('own', 10)];
    const lookout = listing(own, early);
    for (const seed of [1, 2]) prove(lookout, seed, 0);
    expectObservable(lookout.find(sent(0))).toBe('(p|)', { p: own });
    expectObservable(lookout.find(sentBefore(-900_000))).toBe('(p|)', { p: early });
    const alone = listing(own);
    for (const seed of [1, 2]) prove(alone, seed, 0);
    expectObservable(alone.find(sentBefore(-900_000), { isAtRest: () => false }), '5s !').toBe('-');
    expectObservable(alone.find(sent(0))).toBe('(p|)', { p: own });
  }),
);

it(
  'waits for the response to the one in flight while the time of the service is unknown',
  marbles(({ cold, expectObservable }) => {
    const own = made('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    cold('10s (t|)').subscribe(() => prove(lookout, 1, 10_000));
    const isAtRest = () => false;
    // Its looks come after 0, 2, 6 and 14 s.
    expectObservable(lookout.find(sentBefore(-900_000), { isAtRest })).toBe('14s (0|)', { 0: null });
  }),
);

it(
  'gets the prediction if the response is about another one',
  marbles(({ cold, expectObservable }) => {
    const [early, own] = [made('early', -899_000), made('own', 8_000)];
    let lists = 0;
    const lookout = createLookout(
      fakeProvider({
        listPredictions: () =>
          defer(() => of({ predictions: lists++ < 3 ? [early] : [own, early], next: null })),
      }),
    );
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    const isAtRest = () => false;
    expectObservable(lookout.find(sentBefore(-900_000), { isAtRest })).toBe('14s (p|)', { p: early });
  }),
);

it(
  'stays uncertain if it is to end before that response comes',
  marbles(({ cold, expectObservable }) => {
    const own = made('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    const found = lookout.find(sentBefore(-900_000), { isAtRest: () => false, hurry: of(null) });
    expectObservable(found).toBe('6s #', undefined, expect.objectContaining({ code: 'ERR_UNCERTAIN' }));
  }),
);

it(
  'waits, while others are in flight, for a second response that shows the time of the service',
  marbles(({ cold, expectObservable }) => {
    const own = made('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), of(own))).toBe('(p|)', { p: own });
    cold('10s (t|)').subscribe(() => prove(lookout, 1, 10_000));
    const found = lookout.find(sentBefore(-900_000), { isAtRest: () => false });
    expectObservable(found).toBe('14s (0|)', { 0: null });
  }),
);
