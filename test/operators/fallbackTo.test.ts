import { EMPTY, NEVER, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { fallbackTo } from '../../src/operators/fallbackTo.ts';
import { marbles } from '../helpers/marbles.ts';

it(
  'switches to the next source if one fails',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('    -#');
    const small = cold('      --#');
    const tiny = cold('         -(t|)');
    expectObservable(source.pipe(fallbackTo([small, tiny]))).toBe('----(t|)');
    expectSubscriptions(source.subscriptions).toBe('^!');
    expectSubscriptions(small.subscriptions).toBe(' -^-!');
    expectSubscriptions(tiny.subscriptions).toBe('  ---^!');
  }),
);

it(
  'passes the last error on',
  marbles(({ cold, expectObservable }) => {
    const others = [cold<string>('-#', {}, 'second'), cold<string>('-#', {}, 'third')];
    expectObservable(cold<string>('-#').pipe(fallbackTo(others))).toBe('---#', {}, 'third');
    expectObservable(cold<string>('-#', {}, 'only').pipe(fallbackTo<string>([]))).toBe('-#', {}, 'only');
  }),
);

it(
  'passes on a source that does not fail, and an error that no other source can mend',
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const other = cold('(o|)');
    expectObservable(cold('a-b|').pipe(fallbackTo([other]))).toBe('a-b|');
    expectObservable(EMPTY.pipe(fallbackTo([other]))).toBe('|');
    expectObservable(NEVER.pipe(fallbackTo([other])), '--!').toBe('---');
    const config = { shouldFallBack: (error: unknown) => error !== 'final' };
    expectObservable(cold('-#', {}, 'final').pipe(fallbackTo([other], config))).toBe('-#', {}, 'final');
    expectSubscriptions(other.subscriptions).toBe([]);
  }),
);

it('reports each switch, with its level', () => {
  const seen: unknown[] = [];
  const failing = (reason: string) => throwError(() => reason);
  failing('a')
    .pipe(fallbackTo<unknown>([failing('b'), of('c')], { onFallback: (fallback) => seen.push(fallback) }))
    .subscribe((value) => seen.push(value));
  expect(seen).toEqual([{ error: 'a', level: 1 }, { error: 'b', level: 2 }, 'c']);
});

it('emits the error of a callback', () => {
  const errors: unknown[] = [];
  const broken = () => {
    throw new Error('callback');
  };
  throwError(() => 'source')
    .pipe(fallbackTo([of('other')], { shouldFallBack: broken }))
    .subscribe({ error: (error) => errors.push(String(error)) });
  expect(errors).toEqual(['Error: callback']);
});
