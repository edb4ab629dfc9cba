import { catchError, concat, finalize, of } from 'rxjs';
import { expect, it } from 'vitest';
import { createLookout, type Lookout } from '../../../src/operators/predictions/lookout.ts';
import { createAttempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';

// A proxy that mixes up responses answers a create request with the prediction of an earlier,
// equal one: only its time tells them apart.

/** A time of the service, whose clock is an hour ahead. */
const at = (ms: number) => new Date(3_600_000 + ms).toISOString();
/** A prediction of the usual request. */
const made = (id: string, ms: number) => aPrediction({ id, createdAt: at(ms) });
const sent = (sentAtMs: number, isFromBefore = false) =>
  createAttempt({ request: aRequest(), sentAtMs, isFromBefore });
/** Sends two other requests, whose responses agree on the time of the service. */
const proofs = (lookout: Lookout) => {
  for (const seed of [1, 2]) {
    const request = aRequest({ input: { prompt: 'another', seed } });
    const prediction = aPrediction({ id: `proof ${seed}`, input: request.input, createdAt: at(seed) });
    lookout.watch(createAttempt({ request, sentAtMs: 0 }), of(prediction)).subscribe();
  }
};
const listing = (...predictions: Prediction[]) =>
  createLookout(fakeProvider({ listPredictions: () => of({ predictions, next: null }) }));

it(
  'leaves its own prediction to the request whose prediction it has got',
  marbles(({ cold, expectObservable, flush }) => {
    const [earlier, own] = [made('earlier', -900_000), made('own', 100)];
    const lookout = listing(own, earlier);
    // The first response of the process: nothing shows yet what time the service has.
    expectObservable(lookout.watch(sent(0), of(earlier))).toBe('(p|)', { p: earlier });
    const proved = cold('-|').pipe(finalize(() => proofs(lookout)));
    expectObservable(concat(proved, lookout.find(sent(-900_000, true)))).toBe('-(p|)', { p: own });
    flush();
  }),
);

it(
  'does so before any other response shows the time of the service',
  marbles(({ cold, expectObservable, flush }) => {
    const [earlier, own] = [made('earlier', -900_000), made('own', 100)];
    const lookout = listing(own, earlier);
    expectObservable(lookout.watch(sent(0), of(earlier))).toBe('(p|)', { p: earlier });
    const lost = concat(cold('-|'), lookout.find(sent(-900_000, true)));
    expectObservable(lost).toBe('-(p|)', { p: own });
    flush();
  }),
);

it(
  'is known by its time once two responses agree on it: then its own prediction is looked for',
  marbles(({ cold, expectObservable, flush }) => {
    const [earlier, own] = [made('earlier', -900_000), made('own', 0)];
    const lookout = listing(own, earlier);
    proofs(lookout);
    const attempt = sent(0);
    const mixedUp = lookout.watch(attempt, cold('-(p|)', { p: earlier }));
    const error = expect.objectContaining({ code: 'ERR_WRONG_RESPONSE', tookEffect: 'unknown' });
    expectObservable(mixedUp).toBe('-#', {}, error);
    expectObservable(concat(cold('--|'), lookout.find(attempt))).toBe('--(p|)', { p: own });
    flush();
    expect([earlier, own].map(({ id }) => lookout.claims.has(id))).toEqual([false, true]);
  }),
);

it(
  'is taken in the end if the list has no other prediction: the clock of the service may be wrong',
  marbles(({ expectObservable, flush }) => {
    const named = made('named', -900_000);
    const lookout = listing(named);
    proofs(lookout);
    const attempt = sent(0);
    const found = lookout.watch(attempt, of(named)).pipe(catchError(() => lookout.find(attempt)));
    expectObservable(found).toBe('130s (p|)', { p: named });
    flush();
  }),
);

it('is believed if the next one agrees with it: the clock of the service was set', () => {
  const lookout = listing();
  proofs(lookout);
  const responses = [made('first', -900_000), made('second', -899_900)].map((prediction) => {
    let taken: string | null = null;
    lookout.watch(sent(Date.now()), of(prediction)).subscribe({
      next: ({ id }) => {
        taken = id;
      },
      error: () => {},
    });
    return taken;
  });
  expect(responses).toEqual([null, 'second']);
});
