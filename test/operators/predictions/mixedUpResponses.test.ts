import { catchError, concat, concatMap, map, merge, of, tap, timer, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { createLookout } from '../../../src/operators/predictions/lookout.ts';
import { type Attempt, createAttempt } from '../../../src/operators/predictions/lost/attempt.ts';
import type { Prediction } from '../../../src/types.ts';
import { aRequest, fakeProvider } from '../../helpers/fakeProvider.ts';
import { marbles } from '../../helpers/marbles.ts';
import { madeAt, makeTimeCertain, serviceTime } from '../../helpers/serviceClock.ts';

// A proxy that mixes up responses returns the prediction of an earlier, equal create request: only
// its time distinguishes them.

const sent = (sentAtMs: number, isFromBefore = false) =>
  createAttempt({ request: aRequest(), sentAtMs, isFromBefore });
const uncertainError = expect.objectContaining({ code: 'ERR_UNCERTAIN' });
const listing = (...predictions: Prediction[]) =>
  createLookout(fakeProvider({ listPredictions: () => of({ predictions, next: null }) }));

it(
  'leaves its own prediction to the request whose prediction it has got',
  marbles(({ expectObservable, flush }) => {
    const [earlier, own] = [madeAt('earlier', -900_000), madeAt('own', 100)];
    const lookout = listing(own, earlier);
    // The first response of the process: the clock of the service is not known yet.
    expectObservable(lookout.watch(sent(0), of(earlier))).toBe('(p|)', { p: earlier });
    const lost = concat(makeTimeCertain(lookout), lookout.find(sent(-900_000, true)));
    expectObservable(lost).toBe('3s (p|)', { p: own });
    flush();
  }),
);

it(
  'does so before any other response shows the time of the service',
  marbles(({ cold, expectObservable, flush }) => {
    const [earlier, own] = [madeAt('earlier', -900_000), madeAt('own', 100)];
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
    const [earlier, own] = [madeAt('earlier', -900_000), madeAt('own', 3_000)];
    const lookout = listing(own, earlier);
    const attempt = sent(3_000);
    const mixedUp = lookout.watch(attempt, cold('-(p|)', { p: earlier }));
    const error = expect.objectContaining({ code: 'ERR_WRONG_RESPONSE', tookEffect: 'unknown' });
    expectObservable(concat(makeTimeCertain(lookout), mixedUp)).toBe('3s -#', {}, error);
    expectObservable(concat(cold('3s --|'), lookout.find(attempt))).toBe('3s --(p|)', { p: own });
    flush();
    expect([earlier, own].map(({ id }) => lookout.claims.has(id))).toEqual([false, true]);
  }),
);

it(
  'proves nothing about a request that was sent before it, while the time is not certain',
  marbles(({ cold, expectObservable, flush }) => {
    const earlier = madeAt('earlier', 500);
    const listed: Prediction[] = [];
    const listPredictions = () => of({ predictions: [...listed], next: null });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    expectObservable(concat(cold('500ms |'), lookout.find(sent(400)))).toBe('131s #', {}, uncertainError);
    const request = aRequest({ input: { prompt: 'another' } });
    const lost = createAttempt({ request, sentAtMs: 1_000 });
    expectObservable(concat(cold('1s |'), lookout.find(lost))).toBe('131s #', {}, uncertainError);
    // It is that of the first request, and the list lags for all others.
    const response = cold('2s (p|)', { p: earlier }).pipe(tap((prediction) => listed.push(prediction)));
    expectObservable(lookout.watch(sent(2_000), response)).toBe('2s (p|)', { p: earlier });
    flush();
  }),
);

it(
  'does not set the clock by which other requests are judged',
  marbles(({ cold, expectObservable, flush }) => {
    const request = aRequest({ input: { prompt: 'another' } });
    const lost = createAttempt({ request, sentAtMs: 900 });
    const earlier = madeAt('earlier', -300_000);
    const own = { ...madeAt('own', 950), input: request.input };
    const listed: Prediction[] = [];
    const listPredictions = () => of({ predictions: [...listed], next: null });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    expectObservable(lookout.find(sent(-300_000, true))).toBe('8s #', {}, uncertainError);
    const response = cold('500ms (p|)', { p: earlier }).pipe(tap(() => listed.push(earlier, own)));
    expectObservable(lookout.watch(sent(500), response)).toBe('500ms (p|)', { p: earlier });
    expectObservable(concat(cold('1s |'), lookout.find(lost))).toBe('2s (p|)', { p: own });
    flush();
  }),
);

it(
  'is taken in the end if the list has no other prediction: the clock of the service may be wrong',
  marbles(({ expectObservable, flush }) => {
    const named = madeAt('named', -900_000);
    const lookout = listing(named);
    const attempt = sent(3_000);
    const found = lookout.watch(attempt, of(named)).pipe(catchError(() => lookout.find(attempt)));
    expectObservable(concat(makeTimeCertain(lookout), found)).toBe('133s (p|)', { p: named });
    flush();
  }),
);

it(
  'is believed if the next one agrees with it: the clock of the service was set',
  marbles(({ expectObservable, flush }) => {
    const lookout = listing();
    const [first, second] = [madeAt('first', -900_000), madeAt('second', -899_900)];
    const refused = lookout.watch(sent(3_000), of(first)).pipe(catchError(() => of('refused')));
    const taken = lookout.watch(sent(3_000), of(second));
    expectObservable(concat(makeTimeCertain(lookout), refused, taken)).toBe('3s (rp|)', {
      r: 'refused',
      p: second,
    });
    flush();
  }),
);

it(
  'is believed if the clock of the service stands still',
  marbles(({ expectObservable, flush }) => {
    const lookout = listing();
    const frozen = (n: number) =>
      timer(n * 40_000).pipe(concatMap(() => lookout.watch(sent(n * 40_000), of(madeAt(`p${n}`, 0)))));
    const ids = merge(...[0, 1, 2, 3].map(frozen)).pipe(map(({ id }) => id));
    expectObservable(ids.pipe(toArray())).toBe('120s (i|)', { i: ['p0', 'p1', 'p2', 'p3'] });
    flush();
  }),
);

it(
  'is known by the time limit that it shows, of a service that shows limits',
  marbles(({ cold, expectObservable, flush }) => {
    const limited = (id: string, seconds: number) => ({
      ...madeAt(id, 10),
      deadline: serviceTime(10 + 1_000 * seconds),
    });
    const attempt = (cancelAfterMs: number) =>
      createAttempt({ request: aRequest(), sentAtMs: 0, cancelAfterMs });
    const [first, second, third] = [limited('first', 600), limited('second', 602), limited('third', 604)];
    const lookout = listing(third, second, first);
    const taken = lookout.watch(attempt(600_000), of(first));
    expectObservable(taken).toBe('(p|)', { p: first });
    const last = attempt(604_000);
    const mixedUp = lookout.watch(last, cold('-(p|)', { p: second }));
    const error = expect.objectContaining({ code: 'ERR_WRONG_RESPONSE', tookEffect: 'unknown' });
    expectObservable(mixedUp).toBe('-#', {}, error);
    expectObservable(concat(cold('--|'), lookout.find(last))).toBe('--(p|)', { p: third });
    flush();
    expect(lookout.claims.has('second')).toBe(false);
  }),
);

it(
  'is not suspected of one that shows the limit of the request: an earlier one is judged by itself',
  marbles(({ cold, expectObservable, flush }) => {
    const own = { ...madeAt('own', 10), deadline: serviceTime(600_010) };
    const lookout = listing(own);
    const attempt = createAttempt({ request: aRequest(), sentAtMs: 0, cancelAfterMs: 600_000 });
    expectObservable(lookout.watch(attempt, of(own))).toBe('(p|)', { p: own });
    const earlier = createAttempt({
      ...{ request: aRequest(), sentAtMs: -900_000, cancelAfterMs: 598_000, isFromBefore: true },
    });
    expectObservable(concat(cold('--|'), lookout.find(earlier))).toBe('--(0|)', { 0: null });
    flush();
  }),
);

it(
  'cannot be the prediction of an old request that an earlier look has not shown',
  marbles(({ cold, expectObservable, flush }) => {
    const made = madeAt('made', 100);
    const listed: Prediction[] = [];
    const listPredictions = () => of({ predictions: [...listed], next: null });
    const lookout = createLookout(fakeProvider({ listPredictions }));
    const [first, second, recent] = [-900_000, -899_000, -500_000].map((sentAtMs) => sent(sentAtMs, true));
    expectObservable(lookout.find(first as Attempt)).toBe('(n|)', { n: null });
    const response = cold('99ms (p|)', { p: made }).pipe(tap((prediction) => listed.push(prediction)));
    expectObservable(lookout.watch(sent(0), response)).toBe('99ms (p|)', { p: made });
    const later = (attempt: Attempt) => concat(cold('3s |'), lookout.find(attempt));
    expectObservable(later(second as Attempt)).toBe('3s (n|)', { n: null });
    // This one was not old enough at that look.
    expectObservable(later(recent as Attempt)).toBe('11s #', {}, uncertainError);
    flush();
  }),
);
