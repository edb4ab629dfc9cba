import { catchError, concat, concatMap, defer, map, type Observable, of, throwError, timer } from 'rxjs';
import { expect, it } from 'vitest';
import { CircuitOpenError } from '../../../src/errors.ts';
import {
  circuitBreaker,
  createBreaker,
  type OpenedCircuit,
} from '../../../src/operators/pace/circuitBreaker.ts';
import { marbles } from '../../helpers/marbles.ts';

const broken = (): Observable<string> => throwError(() => 'broken');
const well = (): Observable<string> => of('well');
/** y: went well, f: failed, o: the circuit was open. */
const inLetters = (source: Observable<string>) =>
  source.pipe(
    map(() => 'y'),
    catchError((error: unknown) => of(error instanceof CircuitOpenError ? 'o' : 'f')),
  );

it(
  'lets nothing begin after so many failures in a row, then one that tries',
  marbles(({ expectObservable, flush }) => {
    const opened: OpenedCircuit[] = [];
    const breaker = createBreaker({ failures: 2, coolMs: 10, onOpen: (one) => opened.push(one) });
    let begun = 0;
    const call = (answer: () => Observable<string>) =>
      inLetters(
        defer(() => {
          begun += 1;
          return answer();
        }).pipe(circuitBreaker(breaker, { name: 'model' })),
      );
    const after = (ms: number, answer: () => Observable<string>) =>
      timer(ms).pipe(concatMap(() => call(answer)));
    const calls = concat(
      after(1, broken),
      after(1, broken),
      after(3, well),
      after(8, broken),
      after(5, well),
      after(6, well),
      after(1, well),
    );
    //                        opened at 2, and at 13 again
    expectObservable(calls).toBe('-ff--o-------f----o-----y(y|)');
    flush();
    expect(begun).toBe(5);
    expect(opened.map(({ failures, name }) => `${name} ${failures}`)).toEqual(['model 2', 'model 3']);
  }),
);

it(
  'lets one try at a time',
  marbles(({ cold, expectObservable }) => {
    const breaker = createBreaker({ failures: 1, coolMs: 5 });
    breaker.failed('m', 'broken');
    const guarded = cold('---a|').pipe(circuitBreaker(breaker, { name: 'm' }));
    const at = (ms: number) => timer(ms).pipe(concatMap(() => inLetters(guarded)));
    expectObservable(at(4)).toBe('----(o|)');
    expectObservable(at(5)).toBe('--------y|');
    expectObservable(at(7)).toBe('-------(o|)');
    expectObservable(at(10)).toBe('-------------y|');
  }),
);

it('counts neither ignored errors nor unsubscriptions, and forgets at a success', () => {
  const breaker = createBreaker({ failures: 2 });
  const begin = (isFailure: boolean, source = broken()) =>
    source
      .pipe(circuitBreaker(breaker, { name: 'm', isFailure: () => isFailure }))
      .subscribe({ error: () => {} });
  begin(true);
  begin(false);
  begin(false);
  expect(breaker.admit('m')).toBeNull();
  begin(true, well());
  begin(true);
  expect(breaker.admit('m')).toBeNull();
  begin(true);
  expect(breaker.admit('m')).toBeGreaterThan(0);
  expect(breaker.admit('other')).toBeNull();
});

it(
  'lets another trial start if the first one is unsubscribed',
  marbles(({ cold, expectObservable }) => {
    const breaker = createBreaker({ failures: 1, coolMs: 1 });
    breaker.failed('m', 'broken');
    const guarded = cold('----a|').pipe(circuitBreaker(breaker, { name: 'm' }));
    expectObservable(timer(2).pipe(concatMap(() => guarded)), '^--!').toBe('----');
    expectObservable(timer(4).pipe(concatMap(() => guarded))).toBe('--------a|');
  }),
);

it('closes all circuits on reset', () => {
  const breaker = createBreaker({ failures: 2 });
  for (const name of ['m', 'n', 'm', 'n']) breaker.failed(name, 'broken');
  expect(breaker.admit('m')).toBeGreaterThan(0);
  breaker.reset();
  breaker.failed('m', 'broken');
  expect([breaker.admit('m'), breaker.admit('m'), breaker.admit('n')]).toEqual([null, null, null]);
});

it(
  'lets the next trial through if one is unsubscribed',
  marbles(({ cold, expectObservable }) => {
    const breaker = createBreaker({ failures: 1, coolMs: 0 });
    breaker.failed('m', 'broken');
    const guarded = inLetters(cold('---a|').pipe(circuitBreaker(breaker, { name: 'm' })));
    expectObservable(guarded, '-!').toBe('-');
    expectObservable(timer(2).pipe(concatMap(() => guarded))).toBe('-----y|');
  }),
);

it('refuses to open after none', () => {
  expect(() => createBreaker({ failures: 1, coolMs: Number.NaN })).toThrow('`coolMs`');
  expect(() => createBreaker({ failures: 0 })).toThrow('got 0');
});
