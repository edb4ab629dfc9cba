import { map, NEVER, of, Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { createSingleFlight } from '../../src/operators/cachedBy.ts';
import { marbles } from '../helpers/marbles.ts';

const shown = map(({ result, isShared }: { result: string; isShared: boolean }) =>
  isShared ? result.toUpperCase() : result,
);

it(
  'does equal work once for all simultaneous subscribers',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const flights = createSingleFlight<string>();
    const work = cold('                         ----(r|)');
    const join = () => flights.join('key', () => work).pipe(shown);
    expectObservable(join()).toBe('             ----(r|)');
    expectObservable(join(), '--^').toBe('      ----(R|)');
    expectObservable(join(), '-----^').toBe('   ---------(r|)'); // Over by then: begins again.
    expectSubscriptions(work.subscriptions).toBe(['^---!', '-----^---!']);
  }),
);

it(
  'keeps other keys apart, and shares failures and emptiness',
  marbles(({ cold, expectObservable }) => {
    const flights = createSingleFlight<string>();
    expectObservable(flights.join('a', () => cold('--(a|)')).pipe(shown)).toBe('--(a|)');
    expectObservable(flights.join('b', () => cold('-(b|)')).pipe(shown)).toBe(' -(b|)');
    expectObservable(flights.join('bad', () => cold('--#')).pipe(shown)).toBe(' --#');
    expectObservable(flights.join('bad', () => cold('(x|)')).pipe(shown)).toBe('--#');
    expectObservable(flights.join('none', () => cold('--|')).pipe(shown)).toBe('--|');
    expectObservable(flights.join('none', () => cold('(x|)')).pipe(shown)).toBe('--|');
  }),
);

it(
  'continues when the caller that began it leaves, and ends when no caller waits any more',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const flights = createSingleFlight<string>();
    const work = cold('                                           ----(r|)');
    expectObservable(flights.join('key', () => work).pipe(shown), '^-!').toBe('---');
    expectObservable(flights.join('key', () => NEVER).pipe(shown), '-^').toBe('----(R|)');
    const left = cold('                                           ----(l|)');
    expectObservable(flights.join('left', () => left).pipe(shown), '^--!').toBe('----');
    expectSubscriptions(work.subscriptions).toBe('^---!');
    expectSubscriptions(left.subscriptions).toBe('^--!');
  }),
);

it('gives the result to a caller that joins while it is being emitted', () => {
  const flights = createSingleFlight<string>();
  const work = new Subject<string>();
  const seen: string[] = [];
  let begun = 0;
  const join = () =>
    flights.join('key', () => {
      begun += 1;
      return begun === 1 ? work : of('second');
    });
  join().subscribe({
    next: ({ result }) => seen.push(result),
    complete: () => join().subscribe(({ result, isShared }) => seen.push(`${result} ${isShared}`)),
  });
  work.next('first');
  work.complete();
  expect(seen).toEqual(['first', 'first true']);
  join().subscribe(({ result }) => seen.push(result));
  expect(seen.at(-1)).toBe('second');
});
