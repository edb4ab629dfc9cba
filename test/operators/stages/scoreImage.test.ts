import { of } from 'rxjs';
import { expect, it } from 'vitest';
import { ScoreError } from '../../../src/errors.ts';
import { createGate, gate } from '../../../src/operators/gate.ts';
import { scoreImage } from '../../../src/operators/stages/scoreImage.ts';
import type { Scorer } from '../../../src/ports.ts';
import { marbles } from '../../helpers/marbles.ts';

const imageOf = (value: string) => ({ path: `/${value}.png`, prompt: value, index: 0 });
const values = { A: { value: 'a', score: 1 }, B: { value: 'b', score: 2 } };

it(
  'emits each value with its score as ratings come',
  marbles(({ cold, expectObservable }) => {
    const scorer: Scorer = ({ prompt }) =>
      prompt === 'a' ? cold('----(1|)', { 1: 1 }) : cold('-(2|)', { 2: 2 });
    expectObservable(cold('a-b|').pipe(scoreImage(scorer, { imageOf }))).toBe(
      '---BA|'.replace('A|', '(A|)'),
      values,
    );
  }),
);

it(
  'rates no more at a time than a gate lets through',
  marbles(({ cold, expectObservable }) => {
    const scorer: Scorer = ({ prompt }) => cold('--(s|)', { s: prompt === 'a' ? 1 : 2 });
    const one = createGate(1);
    expectObservable(cold('(ab|)').pipe(scoreImage(scorer, { imageOf, within: gate(one) }))).toBe(
      '--A-(B|)',
      values,
    );
  }),
);

it.each<[string, Scorer]>([
  ['a number', () => 1],
  ['a promise', async () => 1],
  ['an Observable, whose last number counts', () => of(7, 1)],
])('takes %s', async (_what, scorer) => {
  const scored = await new Promise((done) => of('a').pipe(scoreImage(scorer, { imageOf })).subscribe(done));
  expect(scored).toEqual(values.A);
});

it.each<[string, Scorer]>([
  ['nothing', () => of()],
  ['a score that is not a number', () => Number.NaN],
])('refuses a scorer that gives %s', (_what, scorer) => {
  const errors: unknown[] = [];
  of('a')
    .pipe(scoreImage(scorer, { imageOf }))
    .subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual([expect.any(ScoreError)]);
});

it(
  'passes errors on, or takes the score that is given for them',
  marbles(({ cold, expectObservable }) => {
    const scorer: Scorer = () => cold('-#', {}, 'broken');
    expectObservable(cold('(a|)').pipe(scoreImage(scorer, { imageOf }))).toBe('-#', {}, 'broken');
    const onError = () => 1;
    expectObservable(cold('(a|)').pipe(scoreImage(scorer, { imageOf, onError }))).toBe('-(A|)', values);
    const thrower: Scorer = () => {
      throw new Error('at once');
    };
    expectObservable(cold('(a|)').pipe(scoreImage(thrower, { imageOf, onError }))).toBe('(A|)', values);
  }),
);
