import { delay, EMPTY, from, lastValueFrom, NEVER, type Observable, of, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { pullMap } from '../../src/operators/pullMap.ts';
import { refine } from '../../src/operators/refine.ts';
import { marbles } from '../helpers/marbles.ts';

it(
  'makes the items that `next` chose from the results of the round before',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const first = cold('               -a-(b|)');
    const chosen = cold('                 --(c|)');
    const second = cold('                   -(d|)');
    const refined = refine(['a', 'b'], {
      run: (_items, round) => (round === 0 ? first : second),
      next: (results, round) => {
        // The last round is not fed back.
        expect([results, round]).toEqual([['a', 'b'], 0]);
        return chosen;
      },
      rounds: 1,
    });
    expectObservable(refined).toBe('   -a-b--(d|)');
    expectSubscriptions(first.subscriptions).toBe('^--!');
    expectSubscriptions(chosen.subscriptions).toBe('---^-!');
    expectSubscriptions(second.subscriptions).toBe('-----^!');
  }),
);

it(
  'keeps as little in flight as a round lets be',
  marbles(({ cold, expectObservable }) => {
    const refined = refine(['a', 'b', 'c'], {
      run: (items) => pullMap(items, (item) => cold('-----(x|)', { x: item }), { concurrency: 2 }),
      next: (results) => results.slice(0, 1).map((result) => `${result}${result}`),
      rounds: 2,
    });
    const values = { a: 'a', b: 'b', c: 'c', d: 'aa', e: 'aaaa' };
    expectObservable(refined).toBe('-----(ab)-c----d----(e|)', values);
  }),
);

it(
  'ends when there is nothing left to make, with the error of a round or of a choice, and on unsubscribe',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const run = (items: readonly string[]): Observable<string> => from(items);
    expectObservable(refine<string, Observable<string>>([], { run, next: () => ['x'], rounds: 5 })).toBe('|');
    expectObservable(refine(['a'], { run, next: () => EMPTY, rounds: 5 })).toBe('(a|)');
    expectObservable(refine(['a'], { run, next: () => ['b'], rounds: 0 })).toBe('(a|)');
    expectObservable(refine(['a'], { run: () => cold('-a-#'), next: () => ['b'], rounds: 1 })).toBe('-a-#');
    expectObservable(refine(['a'], { run, next: () => throwError(() => 'error'), rounds: 1 })).toBe('(a#)');
    const thrown = refine(['a'], {
      run,
      next: () => {
        throw 'error';
      },
      rounds: 1,
    });
    expectObservable(thrown).toBe('(a#)');
    const endless = cold('-a-');
    expectObservable(refine(['a'], { run: () => endless, next: () => ['b'], rounds: 1 }), '--!').toBe('-a-');
    expectSubscriptions(endless.subscriptions).toBe('^-!');
    expectObservable(refine(['a'], { run: () => NEVER, next: () => ['b'], rounds: 1 }), '--!').toBe('---');
  }),
);

it(
  'begins no further round after a stop, neither while one is made nor while the next is chosen',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const stop = cold('                -s');
    const run = () => cold('           ---(a|)');
    const config = { run, rounds: 3, next: () => ['b'] };
    expectObservable(refine(['a'], { ...config, stop })).toBe('                ---(a|)');
    const choosing = refine(['a'], { run: () => cold('(a|)'), rounds: 3, next: () => cold('--(b|)'), stop });
    expectObservable(choosing).toBe('                 a-|');
    expectObservable(refine(['a'], { ...config, stop: cold('-#') })).toBe('-#');
    expectSubscriptions(stop.subscriptions).toBe(['^--!', '^-!']);
  }),
);

it('has a state of its own for each subscriber', async () => {
  const refined = refine([1, 2], {
    run: (items) => from(items).pipe(delay(1)),
    next: (results) => of(results.length),
    rounds: 2,
  }).pipe(toArray());
  const seen = await Promise.all([lastValueFrom(refined), lastValueFrom(refined)]);
  expect(seen).toEqual([
    [1, 2, 2, 1],
    [1, 2, 2, 1],
  ]);
});

it.each([-1, 1.5, Number.NaN])('refuses %s rounds', (rounds) => {
  expect(() => refine([], { run: () => EMPTY, next: () => EMPTY, rounds })).toThrow(
    'Expected `rounds` to be an integer of 0 or more',
  );
});
