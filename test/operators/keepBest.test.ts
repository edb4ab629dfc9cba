import fc from 'fast-check';
import { from, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { keepBest } from '../../src/operators/keepBest.ts';
import { marbles } from '../helpers/marbles.ts';

const scoreOf = (value: string) => Number(value);

it(
  'emits the best at the end, the best first',
  marbles(({ cold, expectObservable }) => {
    expectObservable(cold('3-9-5-7|').pipe(keepBest(2, { scoreOf }))).toBe('-------(97|)');
    expectObservable(cold('3|').pipe(keepBest(2, { scoreOf }))).toBe('-(3|)');
    expectObservable(cold('|').pipe(keepBest(2, { scoreOf }))).toBe('|');
    expectObservable(cold('3-#').pipe(keepBest(2, { scoreOf }))).toBe('--#');
  }),
);

function kept<T>(values: readonly T[], count: number, config: Parameters<typeof keepBest<T>>[1]): T[] {
  let result: T[] = [];
  from(values)
    .pipe(keepBest(count, config), toArray())
    .subscribe((all) => {
      result = all;
    });
  return result;
}

it('takes a score that is not a number for the lowest', () => {
  const score = { scoreOf: (value: number) => value };
  expect(kept([Number.NaN, 1, Number.NaN, 3], 2, score)).toEqual([3, 1]);
  expect(kept([Number.NaN], 2, score)).toEqual([Number.NaN]);
});

it('keeps the items that a stable sort would put first', () => {
  const numbers = fc.array(fc.record({ id: fc.integer(), score: fc.integer({ min: 0, max: 5 }) }));
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 8 }), (values, count) => {
      const expected = values.toSorted((a, b) => b.score - a.score).slice(0, count);
      expect(kept(values, count, { scoreOf: ({ score }) => score })).toEqual(expected);
    }),
  );
});

it('keeps only the better one of two that are alike', () => {
  const isSame = (a: string, b: string) => a[0] === b[0];
  expect(kept(['a1', 'a3', 'b2', 'a3', 'b1'], 3, { scoreOf: (text) => Number(text[1]), isSame })).toEqual([
    'a3',
    'b2',
  ]);
});

it('refuses to keep none', () => {
  expect(() => keepBest(0, { scoreOf })).toThrow('got 0');
});
