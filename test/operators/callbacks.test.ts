import {
  config,
  EMPTY,
  from,
  lastValueFrom,
  NEVER,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
  timer,
  VirtualTimeScheduler,
} from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { adaptivePoll } from '../../src/operators/adaptivePoll.ts';
import { cachedBy } from '../../src/operators/cachedBy.ts';
import { fallbackTo } from '../../src/operators/fallbackTo.ts';
import { createGate, gate } from '../../src/operators/gate.ts';
import { inWaves } from '../../src/operators/inWaves.ts';
import { keepBest } from '../../src/operators/keepBest.ts';
import { type Breaker, circuitBreaker, createBreaker } from '../../src/operators/pace/circuitBreaker.ts';
import { createGovernor } from '../../src/operators/pace/governor.ts';
import { paced } from '../../src/operators/pace/paced.ts';
import { pullMap } from '../../src/operators/pullMap.ts';
import { refine } from '../../src/operators/refine.ts';
import { requeue } from '../../src/operators/requeue.ts';
import { retryBackoff } from '../../src/operators/retryBackoff.ts';
import { tapEvents } from '../../src/operators/tapEvents.ts';
import type { Governor } from '../../src/ports.ts';

const unhandled: unknown[] = [];
beforeEach(() => {
  unhandled.length = 0;
  config.onUnhandledError = (error) => unhandled.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});

const failing = (): never => {
  throw 'callback';
};
const broken = (): Observable<never> => throwError(() => 'source');
const poll = { isDone: () => true, onTimeout: () => NEVER, startingMs: 1 };
const one = { concurrency: 1 };
const waves = { waveSize: 1, pauseMs: 0 };
const tries = { concurrency: 1, retries: 1 };
const cache = { keyOf: String, make: (n: number) => of(n) };
const rounds = { run: (items: readonly number[]) => items, next: () => [1], rounds: 1 };
const breaker = (changed: Partial<Breaker> = {}): Breaker => ({
  ...createBreaker({ failures: 1 }),
  ...changed,
});
const named = { name: 'model' };
const governor: Governor = { admit: failing };
const through = <R>(operator: OperatorFunction<number, R>): Observable<R> => from([1, 2]).pipe(operator);
const badIterable: Iterable<number> = { [Symbol.iterator]: failing };
const badIterator: Iterable<number> = { [Symbol.iterator]: () => ({ next: failing }) };

const streams: Readonly<Record<string, () => Observable<unknown>>> = {
  'adaptivePoll: ask': () => adaptivePoll(failing, poll),
  'adaptivePoll: isDone': () => adaptivePoll(() => of(1), { ...poll, isDone: failing }),
  'adaptivePoll: isStarting': () =>
    adaptivePoll(() => of(1), { ...poll, isDone: () => false, isStarting: failing }),
  'adaptivePoll: onTimeout': () => adaptivePoll(() => NEVER, { ...poll, timeoutMs: 1, onTimeout: failing }),
  'cachedBy: keyOf': () => through(cachedBy({ ...cache, keyOf: failing })),
  'cachedBy: make': () => through(cachedBy({ ...cache, make: failing })),
  'cachedBy: make without a key': () => through(cachedBy({ keyOf: () => null, make: failing })),
  'cachedBy: find': () => through(cachedBy({ ...cache, find: failing })),
  'cachedBy: keep': () => through(cachedBy({ ...cache, keep: failing })),
  'cachedBy: alone': () => through(cachedBy({ ...cache, alone: failing })),
  'circuitBreaker: isFailure': () =>
    broken().pipe(circuitBreaker(breaker(), { ...named, isFailure: failing })),
  'circuitBreaker: onOpen': () =>
    broken().pipe(circuitBreaker(createBreaker({ failures: 1, onOpen: failing }), named)),
  'circuitBreaker: admit': () => of(1).pipe(circuitBreaker(breaker({ admit: failing }), named)),
  'circuitBreaker: succeeded': () => of(1).pipe(circuitBreaker(breaker({ succeeded: failing }), named)),
  'fallbackTo: shouldFallBack': () => broken().pipe(fallbackTo([of(1)], { shouldFallBack: failing })),
  'fallbackTo: onFallback': () => broken().pipe(fallbackTo([of(1)], { onFallback: failing })),
  'gate: enter': () => of(1).pipe(gate({ ...createGate(1), enter: failing })),
  'inWaves: project': () => inWaves([1], failing, waves),
  'inWaves: onWave': () => inWaves([1], () => of(1), { ...waves, onWave: failing }),
  'keepBest: scoreOf': () => through(keepBest(1, { scoreOf: failing })),
  'keepBest: isSame': () => through(keepBest(1, { scoreOf: Number, isSame: failing })),
  'paced: admit': () => through(paced(governor)),
  'pullMap: project': () => pullMap([1], failing, one),
  'pullMap: source': () => pullMap(badIterable, () => of(1), one),
  'pullMap: iterator': () => pullMap(badIterator, () => of(1), one),
  'pullMap: promise': () => pullMap([1], () => Promise.reject('callback'), one),
  'refine: run': () => refine([1], { ...rounds, run: failing }),
  'refine: next': () => refine([1], { ...rounds, next: failing }),
  'requeue: project': () => requeue([1], failing, tries),
  'requeue: onTask': () => requeue([1], () => of(1), { ...tries, onTask: failing }),
  'requeue: shouldRequeue': () => requeue([1], () => broken(), { ...tries, shouldRequeue: failing }),
  'retryBackoff: shouldRetry': () => broken().pipe(retryBackoff({ shouldRetry: failing })),
  'retryBackoff: retryAfterMs': () => broken().pipe(retryBackoff({ retryAfterMs: failing })),
  'retryBackoff: onRetry': () => broken().pipe(retryBackoff({ onRetry: failing })),
  'retryBackoff: random': () => broken().pipe(retryBackoff({ random: failing })),
  'tapEvents: emit': () => through(tapEvents(failing, { next: () => 1 })),
  'tapEvents: subscribe': () => through(tapEvents(() => {}, { subscribe: failing })),
  'tapEvents: next': () => through(tapEvents(() => {}, { next: failing })),
  'tapEvents: error': () => broken().pipe(tapEvents(() => {}, { error: failing })),
  'tapEvents: complete': () => EMPTY.pipe(tapEvents(() => {}, { complete: failing })),
};

it.each(Object.entries(streams))('an error of %s arrives at the subscriber', async (_, stream) => {
  await expect(lastValueFrom(stream())).rejects.toBe('callback');
  await lastValueFrom(timer(0));
  expect(unhandled).toEqual([]);
});

it('a gate stays open, and its slot is free, if a source throws while it is subscribed', () => {
  const gated = createGate(1);
  const odd = { subscribe: failing } as unknown as Observable<number>;
  const ends: unknown[] = [];
  const end = { error: (error: unknown) => ends.push(error), complete: () => ends.push('complete') };
  const leave = gated.enter(() => {});
  gate<number>(gated)(odd).subscribe(end);
  of(1).pipe(gate(gated)).subscribe(end);
  leave();
  of(1).pipe(gate(gated)).subscribe(end);
  expect(ends).toEqual(['callback', 'complete', 'complete']);
  expect([gated.running, gated.waiting]).toEqual([0, 0]);
});

it('a gate stays open, and its slot is free, if a visitor throws', () => {
  const gated = createGate(1);
  const inside: string[] = [];
  expect(() => gated.enter(failing)).toThrow('callback');
  const leave = gated.enter(() => inside.push('a'));
  const errors: unknown[] = [];
  gated.enter(failing, (error) => errors.push(error));
  gated.enter(() => inside.push('b'));
  leave();
  expect([inside, errors, gated.running]).toEqual([['a', 'b'], ['callback'], 1]);
});

it('a circuit lets the next trial through if `isFailure` throws on one', () => {
  const circuits = createBreaker({ failures: 1, coolMs: 0 });
  circuits.failed('model', 'first');
  const errors: unknown[] = [];
  const trial = (isFailure: () => boolean) =>
    broken()
      .pipe(circuitBreaker(circuits, { ...named, isFailure }))
      .subscribe({ error: (error) => errors.push(error) });
  trial(failing);
  trial(() => true);
  expect(errors).toEqual(['callback', 'source']);
});

it('a governor continues if `onPause` throws: only the first in line ends with it', () => {
  let pauses = 0;
  const onPause = () => {
    pauses += 1;
    failing();
  };
  const paces = createGovernor({ perMinute: 600, onPause, scheduler: new VirtualTimeScheduler() });
  const ends: unknown[] = [];
  const end = { error: (error: unknown) => ends.push(error), next: () => ends.push('admitted') };
  paces.admit().subscribe({ next: (ticket) => ticket.accepted({ remaining: 0, fullInMs: 600_000 }) });
  const waiting = [paces.admit().subscribe(end), paces.admit().subscribe(end)];
  expect(ends).toEqual(['callback']);
  expect(pauses).toBe(1);
  for (const subscription of waiting) subscription.unsubscribe();
  expect(ends).toEqual(['callback']);
});
