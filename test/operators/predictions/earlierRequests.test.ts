import { concat, defer, of } from 'rxjs';
import { expect, it } from 'vitest';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import { createAttempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Prediction } from '../../../src/types.ts';
import { aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeAt, makeTimeCertain, proveTime } from '../../helpers/serviceClock.ts';

// A request of a killed run, a quarter of an hour ago, that made nothing; an equal one is sent now.
// The list shows at once that the old one made nothing. For the new one that takes ten minutes.

const sent = (sentAtMs: number) => createAttempt({ request: aRequest(), sentAtMs });
const sentBefore = (sentAtMs: number) => {
  const attempt = createAttempt({ request: aRequest(), sentAtMs, isFromBefore: true });
  // It is not known when its run was killed.
  attempt.endedAtMs = 0;
  return attempt;
};
const listing = (...predictions: Prediction[]) =>
  createLookout(fakeProvider({ listPredictions: () => of({ predictions, next: null }) }));

it(
  'does not get the prediction of an equal request in flight, by its time',
  marbles(({ cold, expectObservable }) => {
    const own = madeAt('own', 3_010);
    const lookout = listing(own);
    const inFlight = lookout.watch(sent(3_000), cold('- 9s (p|)', { p: own }));
    expectObservable(concat(makeTimeCertain(lookout), inFlight)).toBe('3s - 9s (p|)', { p: own });
    const found = concat(cold('3001ms |'), lookout.find(sentBefore(-900_000)));
    expectObservable(found).toBe('3001ms (0|)', { 0: null });
  }),
);

it(
  'does not get that of an equal request that was lost now',
  marbles(({ cold, expectObservable }) => {
    const [early, own] = [madeAt('early', -899_000), madeAt('own', 3_010)];
    const [lookout, alone] = [listing(own, early), listing(own)];
    expectObservable(makeTimeCertain(lookout)).toBe('3s |');
    expectObservable(concat(cold('3001ms |'), lookout.find(sent(3_000)))).toBe('3001ms (p|)', { p: own });
    const first = concat(cold('3001ms |'), lookout.find(sentBefore(-900_000)));
    expectObservable(first).toBe('3001ms (p|)', { p: early });
    expectObservable(makeTimeCertain(alone)).toBe('3s |');
    const none = concat(cold('3001ms |'), alone.find(sentBefore(-900_000), { isAtRest: () => false }));
    expectObservable(none, '9s !').toBe('-');
    expectObservable(concat(cold('3001ms |'), alone.find(sent(3_000)))).toBe('3001ms (p|)', { p: own });
  }),
);

it(
  'waits for the response to the one in flight while the time of the service is unknown',
  marbles(({ cold, expectObservable }) => {
    const own = madeAt('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    cold('12s (t|)').subscribe(() => proveTime(lookout, 12_000).subscribe());
    const isAtRest = () => false;
    // Its looks come after 0, 2, 6 and 14 s.
    expectObservable(lookout.find(sentBefore(-900_000), { isAtRest })).toBe('14s (0|)', { 0: null });
  }),
);

it(
  'gets the prediction if the response is about another one',
  marbles(({ cold, expectObservable }) => {
    const [early, own] = [madeAt('early', -899_000), madeAt('own', 8_000)];
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
    const own = madeAt('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), cold('- 9s (p|)', { p: own }))).toBe('- 9s (p|)', { p: own });
    const found = lookout.find(sentBefore(-900_000), { isAtRest: () => false, hurry: of(null) });
    expectObservable(found).toBe('6s #', undefined, expect.objectContaining({ code: 'ERR_UNCERTAIN' }));
  }),
);

it(
  'waits, while others are in flight, for a second response that shows the time of the service',
  marbles(({ cold, expectObservable }) => {
    const own = madeAt('own', 10);
    const lookout = listing(own);
    expectObservable(lookout.watch(sent(0), of(own))).toBe('(p|)', { p: own });
    cold('12s (t|)').subscribe(() => proveTime(lookout, 12_000).subscribe());
    const found = lookout.find(sentBefore(-900_000), { isAtRest: () => false });
    expectObservable(found).toBe('14s (0|)', { 0: null });
  }),
);
