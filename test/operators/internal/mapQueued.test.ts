import { EMPTY, NEVER } from 'rxjs';
import { it } from 'vitest';
import { inTurn } from '../../../src/operators/internal/inTurn.ts';
import { mapQueued } from '../../../src/operators/internal/mapQueued.ts';
import { marbles } from '../../helpers/marbles.ts';

it(
  'maps as many values at the same time as it is asked to, and passes an error on after the queue',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('    abc#');
    const inner = cold('     ----(x|)');
    const expected = '       ----x(x#)';
    expectObservable(source.pipe(mapQueued(() => inner, 2))).toBe(expected);
    expectSubscriptions(inner.subscriptions).toBe(['^---!', '-^---!', '----^!']);
    expectSubscriptions(source.subscriptions).toBe('^--!');
  }),
);

it(
  'ends at once with an error if nothing waits, and with that of an inner Observable',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const inner = cold('                                               ----(x|)');
    expectObservable(cold('ab-#').pipe(mapQueued(() => inner, Number.POSITIVE_INFINITY))).toBe('---#');
    expectSubscriptions(inner.subscriptions).toBe(['                   ^--!', ' -^-!']);
    const source = cold('abc---');
    expectObservable(source.pipe(mapQueued(() => cold('--#'), 1))).toBe('--#');
    expectSubscriptions(source.subscriptions).toBe('^-!');
  }),
);

it(
  'passes on never and empty, and unsubscribes everything',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const pass = mapQueued<string, typeof NEVER>(() => NEVER, 1);
    expectObservable(NEVER.pipe(pass), '--!').toBe('---');
    expectObservable(EMPTY.pipe(pass)).toBe('|');
    const source = cold('abc|');
    const inner = cold('----(x|)');
    expectObservable(source.pipe(mapQueued(() => inner, 1)), '--!').toBe('---');
    expectSubscriptions(source.subscriptions).toBe('^-!');
    expectSubscriptions(inner.subscriptions).toBe('^-!');
  }),
);

it(
  'lets each value wait for its turn',
  marbles(({ cold, expectObservable }) => {
    expectObservable(cold('ab#').pipe(inTurn(() => cold('--|')))).toBe('--a-(b#)');
    expectObservable(cold('ab|').pipe(inTurn(() => null))).toBe('ab|');
    expectObservable(cold('ab|').pipe(inTurn(() => cold('#')))).toBe('#');
  }),
);
